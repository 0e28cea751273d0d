import { type BodyRead, headerOf, type ReceiveRequest } from '../request'
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

export async function readBody(
  body: ReceiveRequest['body'],
  maxBytes: number,
): Promise<Stage<Uint8Array>> {
  const read = typeof body === 'function' ? await runReader(body, maxBytes) : bytesOf(body)
  if (!read.ok) return stop(read.code, { fix: read.fix })
  return read.bytes.length > maxBytes ? stop('body_too_large') : pass(read.bytes)
}

async function runReader(
  reader: Exclude<ReceiveRequest['body'], Uint8Array>,
  maxBytes: number,
): Promise<BodyRead> {
  try {
    const read = await reader(maxBytes)
    return read.ok ? bytesOf(read.bytes) : read
  } catch {
    return { ok: false, code: 'body_aborted' }
  }
}

function bytesOf(body: unknown): BodyRead {
  if (body instanceof Uint8Array) return { ok: true, bytes: body }
  return { ok: false, code: 'body_not_raw', fix: BYTES_FIX }
}
