import { toNextApi } from '@posthorn/receiver/next'
import type { NextApiRequest, NextApiResponse } from 'next'
import { tooMany } from '../../src/limit'
import { receiver } from '../../src/webhooks'

// Next would parse the body, and the signature is over the bytes that came.
export const config = { api: { bodyParser: false } }

const answer = toNextApi(receiver)

export default async function handler(request: NextApiRequest, response: NextApiResponse) {
  const seconds = await tooMany(`${request.headers['x-forwarded-for'] ?? 'direct'}`)
  if (seconds === undefined) return answer(request, response)
  response.writeHead(429, { 'retry-after': `${seconds}` }).end()
}
