import { joined } from '../http/read-node'
import type { Receiver } from '../receiver'
import type { BodyRead, Params } from '../request'

const FIX =
  'The request body was read before toFetch. Pass the request on untouched, or read a clone: request.clone().text().'

export interface FetchAdapterOptions {
  /** What the handlers and the secret provider get as `params`. */
  readonly params?: (request: Request) => Params
}

/**
 * A handler from `Request` to `Response`, for Next.js route handlers, Hono, Bun, Deno and Workers. Its promise never rejects.
 *
 * @example
 * export const POST = toFetch(receiver)
 */
export function toFetch(
  receiver: Pick<Receiver, 'receive'>,
  options: FetchAdapterOptions = {},
): (request: Request) => Promise<Response> {
  return async (request) => {
    const { status, headers, body } = await receiver.receive({
      method: request.method,
      headers: request.headers,
      body: (maxBytes) => read(request, maxBytes),
      // Asked for within `receive`, where it may fail: a peer chose the URL.
      get params() {
        return options.params?.(request) ?? {}
      },
    })
    return new Response(body === '' ? null : body, { status, headers })
  }
}

async function read(request: Request, maxBytes: number): Promise<BodyRead> {
  if (request.bodyUsed) return { ok: false, code: 'body_not_raw', fix: FIX }
  const reader = request.body?.getReader()
  if (!reader) return { ok: true, bytes: new Uint8Array() }
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return { ok: true, bytes: joined(chunks, length) }
    length += value.length
    if (length > maxBytes) {
      reader.cancel().catch(() => {})
      return { ok: false, code: 'body_too_large' }
    }
    chunks.push(value)
  }
}
