import { answerNode, keptOrRead } from '../http/answer'
import type { NodeRequest, NodeResponse } from '../http/read-node'
import type { Receiver } from '../receiver'
import type { Params } from '../request'

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
export function toNode<Request extends NodeRequest & { readonly rawBody?: unknown }>(
  receiver: Pick<Receiver, 'receive'>,
  options: NodeAdapterOptions<Request> = {},
): (request: Request, response: NodeResponse) => Promise<void> {
  const { params } = options
  return (request, response) => {
    const { method, headers, rawBody } = request
    const asked = { method, headers, body: keptOrRead(rawBody, request, FIX) }
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
