import type { ReceiveResult, Receiver } from '@posthorn/receiver'
import { parseDuration } from '@posthorn/schema'
import type { AttemptOutcome, AttemptRequest, Clock, Transport } from '@posthorn/sender'
import type { Fault } from './faults'

/** One request between the two, and what came of it. */
export interface Exchange {
  readonly request: AttemptRequest
  readonly fault: Fault | undefined
  /** What the receiver answered; undefined if the request never reached it. */
  readonly result: ReceiveResult | undefined
  /** What the sender saw. */
  readonly outcome: AttemptOutcome
}

export interface Loopback extends Transport {
  readonly exchanges: readonly Exchange[]
  /** When the first of the waits that faults cause ends, by the clock; undefined when none waits. */
  readonly waitsUntil: number | undefined
}

interface LoopbackOptions {
  readonly clock: Clock
  readonly receiver: Pick<Receiver, 'receive'>
  readonly nextFault: () => Fault | undefined
}

const bytes = new TextEncoder()
const reset = failure('network', 'ECONNRESET', 'The connection was reset.')
const late = failure('timeout', 'deadline', 'No answer came in time.')

/** A transport that hands requests to a receiver in the same process: exact bytes, no socket. */
export function createLoopback(options: LoopbackOptions): Loopback {
  const exchanges: Exchange[] = []
  const waits = new Set<number>()
  const closing = new AbortController()
  const closed = new Promise<Answered>((end) => {
    closing.signal.addEventListener('abort', () => end({ outcome: stopped('network') }))
  })
  const wait = async (ms: number): Promise<boolean> => {
    const until = options.clock.now() + ms
    waits.add(until)
    await options.clock.sleep(ms, closing.signal)
    waits.delete(until)
    return !closing.signal.aborted
  }
  return {
    exchanges,
    get waitsUntil() {
      return waits.size === 0 ? undefined : Math.min(...waits)
    },
    async send(request) {
      if (closing.signal.aborted) return stopped('config')
      const fault = options.nextFault()
      const began = options.clock.now()
      const answered = exchange(options, request, fault, wait)
      const { outcome, result } = await Promise.race([closed, answered])
      const timed = { ...outcome, durationMs: options.clock.now() - began }
      exchanges.push({ request, fault, result, outcome: timed })
      return timed
    },
    close: async () => closing.abort(),
  }
}

type Response = Extract<AttemptOutcome, { kind: 'response' }>

interface Answered {
  readonly outcome: AttemptOutcome
  readonly result?: ReceiveResult
}

async function exchange(
  options: LoopbackOptions,
  request: AttemptRequest,
  fault: Fault | undefined,
  /** False when the loopback was closed meanwhile. */
  wait: (ms: number) => Promise<boolean>,
): Promise<Answered> {
  switch (fault?.kind) {
    case 'answer':
      return { outcome: response(request, fault.status, fault.headers, '') }
    case 'reset':
      return { outcome: reset }
    case 'hang':
      await wait(request.timeoutMs)
      return { outcome: late }
    case 'slow': {
      const ms = parseDuration(fault.by)
      const isOpen = await wait(Math.min(ms, request.timeoutMs))
      return isOpen && ms < request.timeoutMs ? handOver(options, request) : { outcome: late }
    }
    case 'lose-answer':
      return { ...(await handOver(options, request)), outcome: reset }
    case 'truncate': {
      const { outcome, ...rest } = await handOver(options, request)
      return { ...rest, outcome: { ...outcome, bodyError: 'ECONNRESET' } }
    }
    default:
      return handOver(options, request)
  }
}

async function handOver({ receiver }: LoopbackOptions, request: AttemptRequest) {
  const { headers, body } = request
  const result = await receiver.receive({ method: 'POST', headers, body: body.slice() })
  return { result, outcome: response(request, result.status, result.headers, result.body) }
}

function response(
  request: AttemptRequest,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): Response {
  const all = bytes.encode(body)
  const kept = all.slice(0, request.captureBytes)
  return {
    kind: 'response',
    status,
    headers,
    body: kept,
    truncated: kept.length < all.length,
    durationMs: 0,
  }
}

function stopped(errorClass: 'network' | 'config'): AttemptOutcome {
  return { ...failure(errorClass, 'transport_closed', 'The testbed is closed.'), blame: 'sender' }
}

function failure(
  errorClass: 'network' | 'timeout' | 'config',
  code: string,
  message: string,
): Extract<AttemptOutcome, { kind: 'error' }> {
  return { kind: 'error', errorClass, code, message, durationMs: 0 }
}
