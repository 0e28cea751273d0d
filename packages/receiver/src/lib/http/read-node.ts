import type { BodyRead } from '../request'

/** The part of `http.IncomingMessage` that is used. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly httpVersionMajor?: number
  readonly complete?: boolean
  readonly readableDidRead?: boolean
  readonly readableEnded?: boolean
  readonly destroyed?: boolean
  on(event: string, listener: (...args: unknown[]) => void): unknown
  off(event: string, listener: (...args: unknown[]) => void): unknown
  resume(): unknown
}

/** The part of `http.ServerResponse` that is used. */
export interface NodeResponse {
  readonly headersSent: boolean
  readonly destroyed?: boolean
  writeHead(status: number, headers: Record<string, string>): unknown
  end(body?: string): unknown
}

const aborted: BodyRead = Object.freeze({ ok: false, code: 'body_aborted' })

/** Collects a body, and lets go of it as soon as it is longer than `maxBytes`. */
export function readNodeBody(
  request: NodeRequest,
  maxBytes: number,
  fix: string,
): Promise<BodyRead> {
  if (request.readableDidRead || request.readableEnded) {
    return Promise.resolve({ ok: false, code: 'body_not_raw', fix })
  }
  if (request.destroyed) return Promise.resolve(aborted)
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let length = 0
    const refuse = (read: BodyRead) => {
      request.off('data', onData)
      request.off('end', onEnd)
      resolve(read)
    }
    const onData = (chunk: unknown) => {
      if (!(chunk instanceof Uint8Array)) return refuse({ ok: false, code: 'body_not_raw', fix })
      length += chunk.length
      if (length > maxBytes) return refuse({ ok: false, code: 'body_too_large' })
      chunks.push(chunk)
    }
    const onEnd = () => resolve({ ok: true, bytes: joined(chunks, length) })
    const onAborted = () => resolve(aborted)
    request.on('data', onData)
    request.on('end', onEnd)
    // These stay, and go with the request: whichever comes late changes nothing, and an error nobody listened to would be thrown.
    request.on('error', onAborted)
    request.on('close', onAborted)
  })
}

/**
 * For the reply to a request that was refused before its end: its headers. What still comes is thrown away rather than left in the socket,
 * as a socket closed with bytes unread resets, and the reply may be lost with it.
 */
export function leaveUnread(request: NodeRequest): Record<string, string> {
  if (request.complete) return {}
  request.resume()
  // HTTP/2 has no such header: it resets the one stream.
  return request.httpVersionMajor === 2 ? {} : { connection: 'close' }
}

export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks
  if (first && chunks.length === 1) return first
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
