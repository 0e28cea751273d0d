import { toNextRoute } from '@posthorn/receiver/next'
import { tooMany } from '../../../src/limit'
import { receiver } from '../../../src/webhooks'

const answer = toNextRoute(receiver)

// Count by whatever tells your callers apart: the address behind your proxy, or the tenant in the path.
export async function POST(
  request: Request,
  context: { readonly params: Promise<{ readonly tenant: string }> },
): Promise<Response> {
  const seconds = await tooMany(request.headers.get('x-forwarded-for') ?? 'direct')
  if (seconds === undefined) return answer(request, context)
  return new Response(null, { status: 429, headers: { 'retry-after': `${seconds}` } })
}
