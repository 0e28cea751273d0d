import { answerNode, keptOrRead } from '../http/answer'
import type { NodeRequest, NodeResponse } from '../http/read-node'
import type { Receiver } from '../receiver'
import type { Params } from '../request'
import { toFetch } from './fetch'
import { stringParams } from './params'

const FIX =
  'Next parsed the body before toNextApi. Export this from the file of the route: export const config = { api: { bodyParser: false } }'

/** What Next hands a route handler beside the request; `params` is a promise since Next 15. */
export interface NextRouteContext {
  readonly params?: unknown
}

/**
 * A route handler of the App Router (`app/…/route.ts`). The route's parameters go to the handlers and to the secret provider.
 *
 * @example
 * ```ts
 * import { createReceiver, fromEnv } from '@posthorn/receiver'
 * import { toNextRoute } from '@posthorn/receiver/next'
 *
 * const receiver = createReceiver({ secrets: fromEnv('WEBHOOK_SECRET'), idempotency: 'none' })
 * export const POST = toNextRoute(receiver)
 * ```
 */
export function toNextRoute(
  receiver: Pick<Receiver, 'receive'>,
): (request: Request, context?: NextRouteContext) => Promise<Response> {
  return async (request, context) => {
    const params: Params = stringParams(await context?.params)
    return toFetch(receiver, { params: () => params })(request)
  }
}

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
