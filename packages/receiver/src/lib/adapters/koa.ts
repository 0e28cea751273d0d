import { keptOrRead } from '../http/answer'
import { leaveUnread, type NodeRequest } from '../http/read-node'
import type { Receiver } from '../receiver'
import { stringParams } from './params'

const FIX =
  "A body parser ran before toKoa. Mount the webhook route above it: router.post('/webhooks', toKoa(receiver)); app.use(bodyParser()). " +
  "The parser's request.rawBody is decoded text, and cannot be verified."

/** The part of Koa's context that is used. */
export interface KoaContext {
  readonly req: NodeRequest & { readonly rawBody?: unknown }
  /** Set by a router. */
  readonly params?: unknown
  status: number
  body: unknown
  set(headers: Record<string, string>): unknown
}

/**
 * Middleware for Koa 2 and 3. Mount it above every body parser. It answers every request it is given; nothing reaches `next`.
 *
 * @example
 * ```ts
 * import { createReceiver, fromEnv } from '@posthorn/receiver'
 * import { toKoa } from '@posthorn/receiver/koa'
 *
 * const receiver = createReceiver({ secrets: fromEnv('WEBHOOK_SECRET'), idempotency: 'none' })
 * export const webhooks = toKoa(receiver) // router.post('/webhooks', webhooks)
 * ```
 */
export function toKoa(receiver: Pick<Receiver, 'receive'>): (context: KoaContext) => Promise<void> {
  return async (context) => {
    const { req } = context
    const result = await receiver.receive({
      method: req.method,
      headers: req.headers,
      body: keptOrRead(req.rawBody, req, FIX),
      params: stringParams(context.params),
    })
    context.status = result.status
    context.body = result.body === '' ? null : result.body
    // Koa turns an empty body into a 204 unless the status is set last.
    context.status = result.status
    context.set({ ...result.headers, ...leaveUnread(req) })
  }
}
