import type { ReplyLike } from '../http/answer'
import type { NodeRequest } from '../http/read-node'

/** The part of Fastify's request that is used. */
export interface FastifyRequestLike {
  readonly raw: NodeRequest
  readonly params: unknown
  readonly rawBody?: unknown
}

export type FastifyReplyLike = ReplyLike

/** The part of a Fastify instance that is used. */
export interface FastifyLike {
  removeAllContentTypeParsers(): unknown
  addContentTypeParser(
    type: string,
    parser: (request: unknown, payload: unknown, done: (error: null) => void) => void,
  ): unknown
  setErrorHandler(
    handler: (error: unknown, request: unknown, reply: FastifyReplyLike) => unknown,
  ): unknown
  all(
    path: string,
    handler: (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown>,
  ): unknown
}
