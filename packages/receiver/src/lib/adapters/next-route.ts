import type { Receiver } from '../receiver'
import type { Params } from '../request'
import { toFetch } from './fetch'
import { stringParams } from './params'

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
