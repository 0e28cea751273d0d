import { isThenable } from '../awaitable'
import type { Awaitable } from '../ports/idempotency-store'
import { type BodyRead, type BodyReader, headerOf, type ReceiveRequest } from '../request'
import { pass, type Stage, stop } from './stage'

const BYTES_FIX =
  'Pass the exact bytes as a Uint8Array: a decoded string or a parsed object cannot be verified.'

/** The body, unless the head of the request tells already that it is refused: then not a byte is read. */
export function readBody(request: ReceiveRequest, maxBytes: number): Awaitable<Stage<Uint8Array>> {
  const { method, headers } = request
  if (method !== undefined && method.toUpperCase() !== 'POST') return stop('method_not_allowed')
  const encoding = headerOf(headers, 'content-encoding')?.trim().toLowerCase()
  if (encoding && encoding !== 'identity') return stop('unsupported_media_type')
  const announced = Number(headerOf(headers, 'content-length'))
  if (announced > maxBytes) return stop('body_too_large')
  const { body } = request
  return typeof body === 'function' ? runReader(body, maxBytes) : within(bytesOf(body), maxBytes)
}

function runReader(reader: BodyReader, maxBytes: number): Awaitable<Stage<Uint8Array>> {
  const failed = () => within(aborted(), maxBytes)
  try {
    const reading = reader(maxBytes)
    if (!isThenable(reading)) return within(checked(reading), maxBytes)
    // In one step: each further one is a turn of the queue, for every request.
    return Promise.resolve(reading).then((read) => within(checked(read), maxBytes), failed)
  } catch {
    return failed()
  }
}

function within(read: BodyRead, maxBytes: number): Stage<Uint8Array> {
  if (!read.ok) return stop(read.code, { fix: read.fix })
  return read.bytes.length > maxBytes ? stop('body_too_large') : pass(read.bytes)
}

function checked(read: BodyRead): BodyRead {
  return read.ok ? bytesOf(read.bytes) : read
}

function aborted(): BodyRead {
  return { ok: false, code: 'body_aborted' }
}

function bytesOf(body: unknown): BodyRead {
  if (body instanceof Uint8Array) return { ok: true, bytes: body }
  return { ok: false, code: 'body_not_raw', fix: BYTES_FIX }
}
