import { answerNode, answerReply, keptOrRead } from '../http/answer'
import type { NodeRequest, NodeResponse } from '../http/read-node'
import type { Receiver } from '../receiver'
import type { FastifyReplyLike, FastifyRequestLike } from './fastify-like'
import { stringParams } from './params'

const FIX =
  'Nest parsed the body before toNest. Keep the bytes: NestFactory.create(AppModule, { rawBody: true }), and with the Fastify platform ' +
  'for every content type that is used: app.useBodyParser(type).'

/** The part of an Express request that is used, as Nest's Express platform gives it. */
export interface NestExpressRequest extends NodeRequest {
  readonly params?: unknown
  readonly rawBody?: unknown
}

/**
 * For a controller's method, on Nest's Express and Fastify platforms: `@Post() webhooks(@Req() request, @Res() response)`. It answers by
 * `response`, so the method needs `@Res()` and no `passthrough`. Nest's own body limit applies before the receiver's.
 *
 * @example
 * ```ts
 * import { createReceiver, fromEnv } from '@posthorn/receiver'
 * import { toNest } from '@posthorn/receiver/nest'
 *
 * const receiver = createReceiver({ secrets: fromEnv('WEBHOOK_SECRET'), idempotency: 'none' })
 * export const answer = toNest(receiver) // in the controller: return answer(request, response)
 * ```
 */
export function toNest(
  receiver: Pick<Receiver, 'receive'>,
): (
  request: NestExpressRequest | FastifyRequestLike,
  response: NodeResponse | FastifyReplyLike,
) => Promise<void> {
  return async (request, response) => {
    const raw = 'raw' in request ? request.raw : request
    const asked = {
      method: raw.method,
      headers: raw.headers,
      body: keptOrRead(request.rawBody, raw, FIX),
      params: stringParams(request.params),
    }
    if ('writeHead' in response) return answerNode(receiver, raw, response, asked)
    await answerReply(receiver, raw, response, asked)
  }
}
