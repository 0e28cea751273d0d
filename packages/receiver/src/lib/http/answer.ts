import type { Receiver } from '../receiver'
import type { BodyReader, ReceiveRequest } from '../request'
import { leaveUnread, type NodeRequest, type NodeResponse, readNodeBody } from './read-node'

/** The part of Fastify's reply that is used. */
export interface ReplyLike {
  code(status: number): unknown
  headers(values: Record<string, string>): unknown
  send(payload?: unknown): unknown
}

type CanReceive = Pick<Receiver, 'receive'>

/** Bytes that somebody kept for us, or those still in the socket. */
export function keptOrRead(kept: unknown, request: NodeRequest, fix: string): BodyReader {
  if (kept instanceof Uint8Array) return () => ({ ok: true, bytes: kept })
  return (maxBytes) => readNodeBody(request, maxBytes, fix)
}

/** Answers by a response of `node:http`. */
export async function answerNode(
  receiver: CanReceive,
  request: NodeRequest,
  response: NodeResponse,
  asked: ReceiveRequest,
): Promise<void> {
  const result = await receiver.receive(asked)
  if (response.headersSent || response.destroyed) return
  const headers = Object.assign(leaveUnread(request), result.headers)
  if (result.status !== 204) headers['content-length'] = String(result.body.length)
  response.writeHead(result.status, headers)
  response.end(result.body)
}

/** Answers by a reply of Fastify's. */
export async function answerReply(
  receiver: CanReceive,
  request: NodeRequest,
  reply: ReplyLike,
  asked: ReceiveRequest,
): Promise<unknown> {
  const result = await receiver.receive(asked)
  reply.code(result.status)
  reply.headers({ ...result.headers, ...leaveUnread(request) })
  return reply.send(result.body === '' ? undefined : result.body)
}
