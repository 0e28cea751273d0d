import { schemes, verifySignature } from '@posthorn/schema/signature'
import { secret } from './event.mjs'

/** Whether a stack did its duty: each event once, 1 KB, and signed. Throws what was wrong. */
export async function checkReceived({ requests, first }, { expected }) {
  if (requests !== expected) throw new Error(`${requests} requests came for ${expected} deliveries`)
  const [head, body] = first.split('\r\n\r\n')
  if (body.length < 900 || body.length > 1_100) throw new Error(`a body has ${body.length} bytes`)
  const headers = Object.fromEntries(head.split('\r\n').slice(1).map(field))
  const request = { headers, body: Buffer.from(body, 'latin1') }
  const now = Math.floor(Date.now() / 1_000)
  const tolerance = { past: 3_600, future: 60 }
  const verdict = await verifySignature(schemes.standard, request, [secret], { now, tolerance })
  if (!verdict.ok) throw new Error(`a signature is refused: ${verdict.code}`)
}

function field(line) {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}
