import { answerReply, keptOrRead } from '../http/answer'
import type { Receiver } from '../receiver'
import type { FastifyLike, FastifyReplyLike } from './fastify-like'
import { stringParams } from './params'

const FIX =
  'A hook or plugin read the body before toFastify. Register toFastify in a scope of its own, before that plugin, or have it keep the bytes ' +
  'as a Buffer in request.rawBody (fastify-raw-body: encoding: false).'

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
    fastify.setErrorHandler(refuseMediaType)
    fastify.all(options.path ?? '/', ({ raw, rawBody, params }, reply) =>
      answerReply(receiver, raw, reply, {
        method: raw.method,
        headers: raw.headers,
        body: keptOrRead(rawBody, raw, FIX),
        params: stringParams(params),
      }),
    )
  }
}

/** Fastify itself refuses a content type that is none; everything else is the host's to answer. */
function refuseMediaType(error: unknown, _request: unknown, reply: FastifyReplyLike): unknown {
  const isRefusal = error instanceof Error && 'code' in error && 'statusCode' in error
  if (!isRefusal || error.statusCode !== 415) throw error
  reply.code(415)
  return reply.send({ code: 'unsupported_media_type' })
}
