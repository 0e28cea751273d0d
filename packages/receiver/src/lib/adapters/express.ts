import { answerNode, keptOrRead } from '../http/answer'
import type { NodeRequest, NodeResponse } from '../http/read-node'
import type { Receiver } from '../receiver'
import { stringParams } from './params'

const FIX =
  "A body parser (express.json()?) ran before toExpress. Mount the webhook route above it: app.post('/webhooks', toExpress(receiver)); " +
  'app.use(express.json()). If the parser must come first, have it keep the bytes: ' +
  'express.json({ verify: (req, _res, bytes) => { req.rawBody = bytes } }).'

/** The part of Express's request that is used. */
export interface ExpressRequest extends NodeRequest {
  readonly params?: unknown
  /** Set by a body parser. A Buffer, as of `express.raw()`, is used as it is. */
  readonly body?: unknown
  readonly rawBody?: unknown
}

/**
 * A handler for Express 4 and 5. Mount it above every body parser. It answers every request it is given; nothing reaches `next`.
 *
 * @example
 * app.post('/webhooks', toExpress(receiver))
 * app.use(express.json())
 */
export function toExpress(
  receiver: Pick<Receiver, 'receive'>,
): (request: ExpressRequest, response: NodeResponse) => Promise<void> {
  return (request, response) => {
    const { method, headers, body, rawBody } = request
    return answerNode(receiver, request, response, {
      method,
      headers,
      body: keptOrRead(body instanceof Uint8Array ? body : rawBody, request, FIX),
      params: stringParams(request.params),
    })
  }
}
