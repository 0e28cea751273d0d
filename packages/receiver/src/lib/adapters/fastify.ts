import { leaveUnread, readNodeBody } from '../http/read-node'
import type { Receiver } from '../receiver'
import type { BodyReader } from '../request'
import type { FastifyLike, FastifyRequestLike } from './fastify-like'
import { stringParams } from './params'

const FIX =
  'A hook or plugin read the body before toFastify (fastify-raw-body, a preParsing hook?). Register toFastify in a scope of its own, before ' +
  'that plugin, or have the plugin keep the bytes as request.rawBody.'

export interface FastifyAdapterOptions {
  /** The route; default `/`, to be used with Fastify's `prefix`. */
  readonly path?: string
}

/**
 * A plugin for Fastify 5 (and 4). Within its own scope it leaves bodies unparsed; other routes keep their parsers.
 *
 * @example
 * app.register(toFastify(receiver), { path: '/webhooks' })
 */
export function toFastify(
  receiver: Pick<Receiver, 'receive'>,
): (fastify: FastifyLike, options: FastifyAdapterOptions) => Promise<void> {
  return async (fastify, options) => {
    fastify.removeAllContentTypeParsers()
    fastify.addContentTypeParser('*', (_request, _payload, done) => done(null))
    fastify.all(options.path ?? '/', async (request, reply) => {
      const { headers, method } = request.raw
      const {
        status,
        headers: answered,
        body,
      } = await receiver.receive({
        headers,
        body: bodyOf(request),
        params: stringParams(request.params),
        ...(method ? { method } : {}),
      })
      reply.code(status)
      reply.headers({ ...answered, ...leaveUnread(request.raw) })
      return reply.send(body === '' ? undefined : body)
    })
  }
}

function bodyOf({ raw, rawBody }: FastifyRequestLike): BodyReader {
  if (rawBody instanceof Uint8Array) return () => ({ ok: true, bytes: rawBody })
  return (maxBytes) => readNodeBody(raw, maxBytes, FIX)
}
