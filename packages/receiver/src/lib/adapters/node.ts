import { leaveUnread, type NodeRequest, type NodeResponse, readNodeBody } from '../http/read-node'
import type { Receiver } from '../receiver'
import type { BodyReader, Params, ReceiveRequest } from '../request'

const FIX =
  'Something read the request before toNode. Call it first, or set request.rawBody to the Buffer that was read.'

export interface NodeAdapterOptions<Request> {
  /** What the handlers and the secret provider get as `params`. */
  readonly params?: (request: Request) => Params
}

/**
 * A listener for `http.createServer`. It answers every request it is given, and its promise never rejects.
 *
 * @example
 * http.createServer(toNode(receiver)).listen(3000)
 */
export function toNode<Request extends NodeRequest>(
  receiver: Pick<Receiver, 'receive'>,
  options: NodeAdapterOptions<Request> = {},
): (request: Request, response: NodeResponse) => Promise<void> {
  const { params } = options
  return (request, response) => {
    const { method, headers } = request
    const asked = { method, headers, body: rawBodyOf(request, FIX) }
    if (!params) return answerNode(receiver, request, response, asked)
    return answerNode(receiver, request, response, {
      ...asked,
      // Asked for within `receive`, where it may fail: a peer chose the URL.
      get params() {
        return params(request)
      },
    })
  }
}

/** What `toNode` and `toExpress` have in common. */
export async function answerNode(
  receiver: Pick<Receiver, 'receive'>,
  request: NodeRequest,
  response: NodeResponse,
  asked: ReceiveRequest,
): Promise<void> {
  const result = await receiver.receive(asked)
  if (response.headersSent || response.destroyed) return
  const length = result.status === 204 ? {} : { 'content-length': String(result.body.length) }
  response.writeHead(result.status, { ...result.headers, ...length, ...leaveUnread(request) })
  response.end(result.body)
}

/** Bytes that somebody kept for us, or those still in the socket. */
export function rawBodyOf(request: NodeRequest & { rawBody?: unknown }, fix: string): BodyReader {
  const { rawBody } = request
  if (rawBody instanceof Uint8Array) return () => ({ ok: true, bytes: rawBody })
  return (maxBytes) => readNodeBody(request, maxBytes, fix)
}
