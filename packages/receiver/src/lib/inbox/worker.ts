import { type Duration, parseDuration, WebhookError } from '@posthorn/schema'
import { Gate } from '../gate'
import type { ClaimedInboxTask } from '../ports/inbox-store'
import type { ReceiverParts } from '../receiver-parts'
import type { InboxHandlers } from './handlers'
import type { ResolvedInboxOptions } from './options'
import { Places } from './places'
import { type Runner, runTask, type TaskEnd } from './run-task'

/** What tasks came to. */
export type InboxCounts = Readonly<Record<TaskEnd, number>>

export interface DrainOptions {
  /** Most tasks to run. Default: whatever is due. */
  readonly limit?: number
  /** After so long no further task is begun; those under way are waited for. Default: none. */
  readonly timeout?: Duration
}

const noCounts = (): Record<TaskEnd, number> => ({
  ...{ done: 0, retried: 0, dead: 0, released: 0, lost: 0 },
})

/** Claims tasks and runs them, so many at once. */
export class InboxWorker {
  readonly #inbox: ResolvedInboxOptions
  readonly #parts: ReceiverParts
  readonly #handlers: InboxHandlers
  readonly #gate: Gate
  readonly #places: Places
  readonly #running = new Set<Promise<void>>()
  #aborting = new AbortController()
  #stopping: AbortController | undefined
  #loop: Promise<void> | undefined
  #woken = false
  #wake = () => {}

  constructor(parts: ReceiverParts, inbox: ResolvedInboxOptions, handlers: InboxHandlers) {
    this.#parts = parts
    this.#inbox = inbox
    this.#handlers = handlers
    this.#gate = new Gate(inbox.concurrency)
    this.#places = new Places(inbox.concurrency, inbox.perHandler)
  }

  /** Something may be due. */
  wake(): void {
    this.#woken = true
    this.#wake()
  }

  start(): void {
    if (this.#loop) return
    this.#stopping = new AbortController()
    this.#loop = this.#run(this.#stopping.signal)
  }

  async stop(timeoutMs: number): Promise<void> {
    this.#stopping?.abort()
    this.#wake()
    await this.#loop
    this.#loop = undefined
    const ended = new AbortController()
    const { clock } = this.#parts.options
    const all = this.#allEnded().then(() => ended.abort())
    await Promise.race([all, clock.sleep(timeoutMs, ended.signal)])
    if (this.#running.size === 0) return
    const why = 'The inbox was stopped before the handler was done.'
    this.#aborting.abort(new WebhookError('lease_lost', why))
    this.#aborting = new AbortController()
  }

  async drain({ limit = Infinity, timeout }: DrainOptions): Promise<InboxCounts> {
    const { clock } = this.#parts.options
    const end = timeout === undefined ? Infinity : clock.now() + parseDuration(timeout, 'timeout')
    const counts = noCounts()
    let left = limit
    try {
      while (left > 0 && clock.now() < end) {
        const begun = await this.#fill(left, counts)
        left -= begun
        if (begun === 0 && this.#running.size === 0) break
        if (begun === 0) await Promise.race(this.#running)
      }
    } finally {
      await this.#allEnded()
    }
    return counts
  }

  /** One step: claims as many due tasks as there are free places, and begins them. Answers how many. */
  async #fill(limit: number, counts: Record<TaskEnd, number>): Promise<number> {
    const { store, concurrency, leaseMs } = this.#inbox
    const free = Math.min(limit, concurrency - this.#running.size)
    let begun = 0
    for (const { handlers, limit: most } of this.#places.asks(this.#handlers.names(), free)) {
      const left = Math.min(most, free - begun)
      if (left <= 0) continue
      const tasks = await store.claim({ handlers, limit: left, leaseMs })
      for (const task of tasks) this.#begin(task, counts)
      begun += tasks.length
    }
    return begun
  }

  #begin(task: ClaimedInboxTask, counts: Record<TaskEnd, number>): void {
    const leave = this.#places.take(task.handler, this.#handlers.names())
    const runner: Runner = {
      parts: this.#parts,
      inbox: this.#inbox,
      handlers: this.#handlers,
      gate: this.#gate,
      stopping: this.#aborting.signal,
    }
    const running = runTask(runner, task).then((end) => {
      counts[end] += 1
      this.#running.delete(running)
      // What is due may have waited for this place.
      if (leave()) this.wake()
    })
    this.#running.add(running)
  }

  async #run(stopping: AbortSignal): Promise<void> {
    // The clock's sleeps do not keep a process alive, and it has work to do.
    const alive = setInterval(() => {}, 2 ** 30)
    while (!stopping.aborted) {
      this.#woken = false
      const begun = await this.#tryFill()
      if (stopping.aborted) break
      if (this.#running.size >= this.#inbox.concurrency) await this.#aPlace(stopping)
      else if (begun === 0) await this.#rest()
    }
    clearInterval(alive)
  }

  async #tryFill(): Promise<number> {
    try {
      return await this.#fill(Infinity, noCounts())
    } catch (err) {
      this.#parts.options.log.warn({ err }, 'Inbox could not claim; trying again.')
      return 0
    }
  }

  /** Until a task ends, or the stop. */
  async #aPlace(stopping: AbortSignal): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      this.#wake = () => stopping.aborted && resolve()
    })
    await Promise.race([...this.#running, stopped])
  }

  /** Until somebody wakes us, or the next look. */
  async #rest(): Promise<void> {
    if (this.#woken) return
    const ended = new AbortController()
    this.#wake = () => ended.abort()
    await this.#parts.options.clock.sleep(this.#inbox.pollMs, ended.signal)
  }

  async #allEnded(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }
}
