import { Buffer } from 'node:buffer'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import type { Socket } from 'node:net'
import { codeOf, detailOf, type Failure } from './failure'
import type { Occupant, Outgoing } from './occupant'

/** A stream that ended without a whole response. */
export class StreamFailure extends Error {
  readonly failure: Failure
  /** The peer says that it has not looked at the request (RFC 9113, 8.7). */
  readonly isUnprocessed: boolean

  constructor(failure: Failure, isUnprocessed = false) {
    super(failure.message)
    this.name = 'StreamFailure'
    this.failure = failure
    this.isUnprocessed = isUnprocessed
  }
}

const mostHeaderBytes = 16_384
const noop = (): void => {}

const malformedCodes = new Set<number>([
  constants.NGHTTP2_PROTOCOL_ERROR,
  constants.NGHTTP2_FLOW_CONTROL_ERROR,
  constants.NGHTTP2_FRAME_SIZE_ERROR,
  constants.NGHTTP2_COMPRESSION_ERROR,
])

/**
 * HTTP/2 on a connection that was vetted and secured (RFC 9113), one request at a time. A peer that says GOAWAY still answers what it took
 * on, and gets nothing further.
 */
export class Http2Connection {
  readonly #session: ClientHttp2Session
  readonly #socket: Socket
  readonly #gone: Promise<void>

  constructor(origin: string, socket: Socket, onClosed: () => void) {
    this.#session = connect(origin, {
      createConnection: () => socket,
      settings: { enablePush: false, maxHeaderListSize: mostHeaderBytes },
    })
    this.#session.on('error', noop).once('close', onClosed).unref()
    this.#socket = socket
    this.#gone = new Promise((resolve) => socket.once('close', () => resolve()))
  }

  /** Whether it takes another request. */
  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed
  }

  run(request: Outgoing, occupant: Occupant): void {
    const stream = this.#request(request, occupant)
    if (stream === undefined) return
    const controller = {
      abort: () => {
        stream.removeAllListeners('data')
        stream.close(constants.NGHTTP2_CANCEL)
      },
    }
    let isOver = false
    const fail = (failure: StreamFailure): void => {
      if (isOver) return
      isOver = true
      occupant.onResponseError(controller, failure)
    }
    let error: unknown
    let isAnswered = false
    stream.on('error', (reason) => {
      error ??= reason
    })
    stream.once('response', (headers) => {
      isAnswered = true
      const { ':status': status = 0, ...fields } = headers
      if (isTooLarge(fields)) fail(headersTooLarge())
      else occupant.onResponseStart(controller, status, fields)
    })
    stream.on('data', (chunk: Buffer) => occupant.onResponseData(controller, chunk))
    stream.once('end', () => {
      if (isOver || !isAnswered || stream.aborted) return
      isOver = true
      occupant.onResponseEnd()
    })
    stream.once('close', () => fail(failureOf(stream, error)))
    occupant.onRequestStart(controller)
    stream.end(request.body)
  }

  /** Resolves when the socket is gone. */
  destroy(): Promise<void> {
    this.#session.destroy()
    // After GOAWAY a session leaves its socket half open, for as long as the peer likes.
    this.#socket.destroy()
    return this.#gone
  }

  #request(request: Outgoing, occupant: Occupant): ClientHttp2Stream | undefined {
    try {
      return this.#session.request(fieldsOf(request))
    } catch (error) {
      occupant.onResponseError({ abort: noop }, notSent(error, this.isOpen))
      return undefined
    }
  }
}

/** Names and values in turn become an object; connection headers have no place in HTTP/2, and the transport sets none. */
function fieldsOf({ method, path, headers }: Outgoing): Record<string, string> {
  const fields: Record<string, string> = { ':method': method, ':path': path }
  for (let index = 0; index + 1 < headers.length; index += 2) {
    fields[String(headers[index]).toLowerCase()] = String(headers[index + 1])
  }
  return fields
}

function notSent(error: unknown, isOpen: boolean): StreamFailure {
  const detail = detailOf(error)
  if (!isOpen) return new StreamFailure(broken('closed', detail), true)
  const message = 'The request cannot be sent: a header or the path is not valid HTTP.'
  return new StreamFailure({ errorClass: 'config', code: 'invalid_request', message, detail })
}

function failureOf(stream: ClientHttp2Stream, error: unknown): StreamFailure {
  const { rstCode = 0 } = stream
  const code = codeOf(error, 'closed')
  const detail = error === undefined ? `stream closed with code ${rstCode}` : detailOf(error)
  if (rstCode === constants.NGHTTP2_REFUSED_STREAM)
    return new StreamFailure(broken('stream_refused', detail), true)
  if (rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM) return headersTooLarge()
  if (code === 'ERR_HTTP2_ERROR' || malformedCodes.has(rstCode)) {
    const message = 'The response is not valid HTTP/2.'
    return new StreamFailure({
      errorClass: 'protocol',
      code: 'malformed_response',
      message,
      detail,
    })
  }
  return new StreamFailure(broken(code.startsWith('ERR_HTTP2_') ? 'stream_reset' : code, detail))
}

function broken(code: string, detail: string): Failure {
  const message = 'The connection broke before a response arrived.'
  return { errorClass: 'network', code, message, detail }
}

function headersTooLarge(): StreamFailure {
  const message = 'The response’s headers are larger than 16 KiB.'
  return new StreamFailure({ errorClass: 'protocol', code: 'headers_too_large', message })
}

function isTooLarge(fields: object): boolean {
  let bytes = 0
  for (const [name, value] of Object.entries(fields)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(String(value))
  }
  return bytes > mostHeaderBytes
}
