import type { AttemptOutcome, AttemptRequest } from '../../ports/transport'
import { classify, classifyHandshake } from './classify'
import type { Deadlines, Entry, Expiring } from './deadlines'
import {
  answeredTooLate,
  ConnectFailure,
  type Failure,
  hungUp,
  statusOutOfRange,
  transportClosed,
} from './failure'
import { StreamFailure } from './http2'
import type { Abortable, Occupant, Outgoing } from './occupant'
import type { Pool } from './pool'
import { type RawHeaders, Response } from './response'
import type { Target } from './route'
import type { Slot } from './slot'
import type { Timers } from './timers'

export interface AttemptContext {
  readonly pool: Pool
  readonly deadlines: Deadlines
  readonly timers: Timers
}

export interface Job {
  readonly request: AttemptRequest
  readonly target: Target
  readonly outgoing: Outgoing
  readonly done: (outcome: AttemptOutcome) => void
}

/**
 * waiting (for a connection) → sent → answered (final headers are in) → over. The verdict is fixed on the way to `answered`: what goes
 * wrong after it is a note on the response.
 */
type State = Unanswered | Answered | { readonly phase: 'over' }

type Unanswered =
  | { readonly phase: 'waiting' }
  | {
      readonly phase: 'sent'
      readonly controller: Abortable
      readonly bytesRead: number
      readonly reused: boolean
    }

interface Answered {
  readonly phase: 'answered'
  readonly controller: Abortable
  readonly response: Response
}

const bodyMs = 5_000
const tooLongMs = 250
const mostDispatches = 4

const waiting: State = { phase: 'waiting' }
const over: State = { phase: 'over' }
const brokenOff = new Error('the attempt was broken off')

/** One HTTP attempt: a handler that undici reports to. */
export class Attempt implements Occupant, Expiring {
  readonly #context: AttemptContext
  readonly #job: Job
  readonly #startedAt: number
  #state: State = waiting
  #slot: Slot
  #deadline: Entry
  #freshSocket = false
  #dispatches = 1

  constructor(context: AttemptContext, job: Job) {
    this.#context = context
    this.#job = job
    this.#startedAt = context.timers.now()
    this.#deadline = context.deadlines.add(job.request.timeoutMs, this)
    this.#slot = context.pool.take(job.target)
  }

  start(): void {
    this.#slot.run(this.#job.outgoing, this)
  }

  onRequestStart(controller: Abortable): void {
    if (this.#state.phase === 'over') {
      controller.abort(brokenOff)
      return
    }
    const { bytesRead, reused } = this.#slot
    this.#state = { phase: 'sent', controller, bytesRead, reused }
  }

  onResponseStart(controller: Abortable, status: number, headers: RawHeaders): void {
    if (this.#state.phase !== 'sent') return
    if (status >= 100 && status < 200) return
    if (status < 200 || status > 599) {
      this.#fail(statusOutOfRange(status))
      return
    }
    const response = new Response(status, headers, this.#job.request.captureBytes)
    this.#state = { phase: 'answered', controller, response }
    this.#limitBody(response.tooLong ? tooLongMs : bodyMs)
  }

  onResponseData(_controller: Abortable, chunk: Buffer): void {
    if (this.#state.phase !== 'answered' || this.#state.response.add(chunk)) return
    this.#cut(this.#state)
  }

  onResponseEnd(): void {
    if (this.#state.phase !== 'answered') return
    const { response } = this.#state
    this.#end()
    // An answer before the request was fully written: the rest of it is still in the way.
    if (this.#slot.writing) this.#context.pool.discard(this.#slot)
    else this.#context.pool.give(this.#slot)
    this.#answer(response, {})
  }

  onResponseError(_controller: Abortable, error: Error): void {
    const state = this.#state
    if (state.phase === 'over') return
    const { alert } = this.#slot
    const failure = alert === undefined ? classify(error) : classifyHandshake(alert)
    if (state.phase === 'answered') this.#cut(state, failure.code)
    else if (this.#mayRepeat(state, error, failure)) this.#repeat(state)
    else this.#fail(this.#hasSpoken(state) ? failure : hungUp(failure, this.#slot.hidden))
  }

  expired(): void {
    const state = this.#state
    if (state.phase === 'answered') {
      this.#cut(state, state.response.tooLong ? undefined : 'deadline')
      return
    }
    const connecting = state.phase === 'waiting' ? this.#slot.tooLate : undefined
    this.#fail(connecting ?? answeredTooLate(this.#slot.hidden, this.#job.request.timeoutMs))
  }

  interrupted(): void {
    const failure = transportClosed('network')
    if (this.#state.phase === 'answered') this.#cut(this.#state, failure.code)
    else this.#fail(failure)
  }

  /**
   * A kept-alive socket may be closed by the peer just as it is used again. When not one byte came back the request is repeated, once,
   * on a fresh socket; when it had not been written at all, that is no repetition.
   */
  #mayRepeat(state: Unanswered, error: Error, failure: Failure): boolean {
    if (failure.errorClass !== 'network' || this.#dispatches >= mostDispatches) return false
    if (error instanceof StreamFailure && error.isUnprocessed) return true
    if (state.phase === 'waiting') return !(error instanceof ConnectFailure)
    // A fresh one has served nobody, so it is never repeated twice.
    return state.reused && !this.#hasSpoken(state)
  }

  /** Whether a byte came back since the request was sent. */
  #hasSpoken(state: Unanswered): boolean {
    return state.phase === 'sent' && this.#slot.bytesRead !== state.bytesRead
  }

  #repeat(state: Unanswered): void {
    this.#freshSocket ||= state.phase === 'sent'
    this.#dispatches++
    this.#context.pool.discard(this.#slot)
    this.#state = waiting
    this.#slot = this.#context.pool.fresh(this.#job.target)
    this.start()
  }

  #limitBody(ms: number): void {
    const { deadlines, timers } = this.#context
    if (this.#deadline.dueAt - timers.now() <= ms) return
    deadlines.remove(this.#deadline)
    this.#deadline = deadlines.add(ms, this)
  }

  #cut({ controller, response }: Answered, bodyError?: string): void {
    this.#end()
    controller.abort(brokenOff)
    this.#context.pool.discard(this.#slot)
    this.#answer(response, { truncated: true, ...(bodyError === undefined ? {} : { bodyError }) })
  }

  #fail(failure: Failure): void {
    const state = this.#state
    if (state.phase === 'over') return
    this.#end()
    if (state.phase === 'sent') state.controller.abort(brokenOff)
    this.#context.pool.discard(this.#slot)
    this.#job.done({ kind: 'error', ...failure, ...this.#facts() })
  }

  #answer(response: Response, note: { truncated?: boolean; bodyError?: string }): void {
    const { status, headers, body, truncated } = response
    this.#job.done({
      kind: 'response',
      status,
      headers,
      body,
      truncated,
      ...note,
      ...this.#facts(),
    })
  }

  #end(): void {
    this.#state = over
    this.#context.deadlines.remove(this.#deadline)
  }

  #facts(): { durationMs: number; freshSocket?: true } {
    const durationMs = Math.round(this.#context.timers.now() - this.#startedAt)
    return this.#freshSocket ? { durationMs, freshSocket: true } : { durationMs }
  }
}
