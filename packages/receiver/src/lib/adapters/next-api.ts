import { answerNode, keptOrRead } from '../http/answer'
import type { NodeRequest, NodeResponse } from '../http/read-node'
import type { Receiver } from '../receiver'
import { stringParams } from './params'

const FIX =
  'Next parsed the body before toNextApi. Export this from the file of the route: export const config = { api: { bodyParser: false } }'

/** The part of `NextApiRequest` that is used. */
export interface NextApiRequest extends NodeRequest {
  /** The route's parameters and those of the URL's query. */
  readonly query?: unknown
  readonly rawBody?: unknown
}

/**
 * An API route of the Pages Router (`pages/api/….ts`). Next parses bodies unless the same file exports
 * `config = { api: { bodyParser: false } }`.
 *
 * @example
 * ```ts
 * import { createReceiver, fromEnv } from '@posthorn/receiver'
 * import { toNextApi } from '@posthorn/receiver/next'
 *
 * const receiver = createReceiver({ secrets: fromEnv('WEBHOOK_SECRET'), idempotency: 'none' })
 * export const config = { api: { bodyParser: false } }
 * export default toNextApi(receiver)
 * ```
 */
export function toNextApi(
  receiver: Pick<Receiver, 'receive'>,
): (request: NextApiRequest, response: NodeResponse) => Promise<void> {
  return (request, response) =>
    answerNode(receiver, request, response, {
      method: request.method,
      headers: request.headers,
      body: keptOrRead(request.rawBody, request, FIX),
      params: stringParams(request.query),
    })
}
