import { setMaxListeners } from 'node:events'
import { type Duration, parseDuration } from '@posthorn/schema'
import { systemClock } from '../clock'
import type { Clock } from '../ports/clock'
import type { AttemptOutcome, AttemptRequest, Transport } from '../ports/transport'

/** A request as it was made. */
export interface RecordedRequest extends AttemptRequest {
  /** 0 for the first. */
  readonly index: number
  /** When it was made, by the transport's clock. */
  readonly at: number
  /** The body, decoded as UTF-8. */
  readonly text: string
}

/** A response to give: a status alone, its parts, or an outcome in full, such as an `error`. */
export type RecordedAnswer = number | RecordedResponse | AttemptOutcome

export interface RecordedResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Passes on the transport's clock before the answer; from the request's timeout on, the answer is a `timeout`. */
  readonly delay?: Duration
}

/** Answers each request, or a queue of answers followed by 200s. What it throws becomes a `network` error. */
export type Responder =
  | readonly RecordedAnswer[]
  | ((request: RecordedRequest, index: number) => RecordedAnswer | Promise<RecordedAnswer>)

export interface RecordingTransport extends Transport {
  /** Every request so far, oldest first. */
  readonly requests: readonly RecordedRequest[]
}

/**
 * A `Transport` that opens no socket: it records requests and answers them as it is told.
 *
 * @param responder answers 200 to everything unless given.
 * @param options.clock what delays pass on; the machine's clock unless given.
 * @example
 * const transport = recordingTransport([503, { status: 429, headers: { 'retry-after': '120' } }])
 * const sender = createSender({ store: memoryStore(), transport })
 */
export function recordingTransport(
  responder: Responder = [],
  options: { readonly clock?: Clock } = {},
): RecordingTransport {
  const clock = options.clock ?? systemClock
  const requests: RecordedRequest[] = []
  const closing = new AbortController()
  const closed = closing.signal
  setMaxListeners(0, closed)
  const sleep = (ms: number) => clock.sleep(ms, closed)
  return {
    requests,
    async send(request) {
      if (closed.aborted) return failure('config', 'closed', 'The transport was closed.')
      const recorded = record(request, requests.length, clock.now())
      requests.push(recorded)
      return unlessClosed(answer(recorded, responder, sleep), closed)
    },
    async close() {
      closing.abort()
    },
  }
}

/** What an attempt answers, or a `network` error when the transport is closed first. */
function unlessClosed(
  attempt: Promise<AttemptOutcome>,
  closed: AbortSignal,
): Promise<AttemptOutcome> {
  return new Promise((resolve) => {
    const end = () => resolve(failure('network', 'closed', 'The transport was closed.'))
    closed.addEventListener('abort', end)
    void attempt.then((outcome) => {
      closed.removeEventListener('abort', end)
      resolve(outcome)
    })
  })
}

type Sleep = (ms: number) => Promise<void>

function record(request: AttemptRequest, index: number, at: number): RecordedRequest {
  const body = request.body.slice()
  return {
    ...request,
    headers: { ...request.headers },
    body,
    index,
    at,
    text: new TextDecoder().decode(body),
  }
}

async function answer(
  request: RecordedRequest,
  responder: Responder,
  sleep: Sleep,
): Promise<AttemptOutcome> {
  try {
    const given =
      typeof responder === 'function'
        ? await responder(request, request.index)
        : (responder[request.index] ?? 200)
    if (typeof given === 'object' && 'kind' in given) return given
    return await respond(request, typeof given === 'number' ? { status: given } : given, sleep)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return failure('network', 'responder_threw', message)
  }
}

async function respond(
  request: RecordedRequest,
  response: RecordedResponse,
  sleep: Sleep,
): Promise<AttemptOutcome> {
  const delay = response.delay === undefined ? 0 : parseDuration(response.delay)
  const durationMs = Math.min(delay, request.timeoutMs)
  await sleep(durationMs)
  if (delay >= request.timeoutMs) {
    return { ...failure('timeout', 'deadline', 'No response in time.'), durationMs }
  }
  const body = toBytes(response.body)
  return {
    kind: 'response',
    status: response.status,
    headers: lowerCased(response.headers ?? {}),
    body: body.slice(0, request.captureBytes),
    truncated: body.length > request.captureBytes,
    durationMs,
  }
}

function failure(
  errorClass: 'config' | 'network' | 'timeout',
  code: string,
  message: string,
): AttemptOutcome {
  return { kind: 'error', errorClass, code, message, durationMs: 0 }
}

function toBytes(body: string | Uint8Array = ''): Uint8Array {
  return typeof body === 'string' ? new TextEncoder().encode(body) : body
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
}
