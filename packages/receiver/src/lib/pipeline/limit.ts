import { after, isThenable } from '../awaitable'
import type { Awaitable } from '../ports/idempotency-store'
import { type BodyRead, type BodyReader, headerOf, type ReceiveRequest } from '../request'
import { pass, type Stage, stop } from './stage'

const BYTES_FIX =
  'Pass the exact bytes as a Uint8Array: a decoded string or a parsed object cannot be verified.'

/** What the head of a request already tells, before a byte of the body is read. */
export function checkHead(request: ReceiveRequest, maxBytes: number): Stage<undefined> {
  const { headers, method } = request
  if (method !== undefined && method.toUpperCase() !== 'POST') return stop('method_not_allowed')
  const encoding = headerOf(headers, 'content-encoding')?.trim().toLowerCase()
  if (encoding && encoding !== 'identity') return stop('unsupported_media_type')
  const announced = Number(headerOf(headers, 'content-length'))
  return announced > maxBytes ? stop('body_too_large') : pass(undefined)
}

export function readBody(
  body: ReceiveRequest['body'],
  maxBytes: number,
): Awaitable<Stage<Uint8Array>> {
  const reading = typeof body === 'function' ? runReader(body, maxBytes) : bytesOf(body)
  return after(reading, (read) => {
    if (!read.ok) return stop(read.code, { fix: read.fix })
    return read.bytes.length > maxBytes ? stop('body_too_large') : pass(read.bytes)
  })
}

function runReader(reader: BodyReader, maxBytes: number): Awaitable<BodyRead> {
  try {
    const reading = reader(maxBytes)
    return isThenable(reading) ? Promise.resolve(reading).then(checked, aborted) : checked(reading)
  } catch {
    return aborted()
  }
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
