import { type Database, transaction } from '../database'
import { type Run, toLifecycle } from '../engine/lifecycle'
import type { EngineSignal } from '../engine/signal'
import type { LifecycleInput } from '../events'
import type { Runs } from './runs'
import type { HostSender } from './sender'

/** Writes what happens in the engine: the host's own state and the event that tells of it, in one transaction. */
export interface Recorder {
  /** The listener of one run. */
  listen(run: Run): (signal: EngineSignal) => void
  /** Resolves when all that was heard so far is committed; rejects if something could not be. */
  settled(): Promise<void>
}

interface Recording {
  readonly event: LifecycleInput
  /** When it happened. */
  readonly timestamp: string
  readonly idempotencyKey: string
}

export function createRecorder(db: Database, sender: HostSender, runs: Runs): Recorder {
  let heard: Recording[] = []
  let writing: Promise<void> | undefined

  async function write(): Promise<void> {
    while (heard.length > 0) {
      const batch = heard
      heard = []
      await commit({ db, sender, runs }, batch)
    }
    writing = undefined
  }

  return {
    listen(run) {
      const keyOf = idempotencyKeys()
      return (signal) => {
        for (const event of toLifecycle(run, signal)) {
          heard.push({ event, timestamp: signal.at, idempotencyKey: keyOf(event) })
        }
        // The engine does not wait for us, so what it says while a batch is on its way goes into the next.
        if (heard.length > 0) writing ??= write()
      }
    },
    settled: async () => writing,
  }
}

interface Host {
  readonly db: Database
  readonly sender: HostSender
  readonly runs: Runs
}

async function commit({ db, sender, runs }: Host, batch: readonly Recording[]): Promise<void> {
  // Validating and serialising may await; a SQLite transaction may not. So: first prepare, then write.
  const prepared = await Promise.all(
    batch.map(({ event, ...fields }) => sender.prepare({ ...event, ...fields })),
  )
  transaction(db, () => {
    const results = sender.enqueue(prepared, { tx: db })
    for (const [index, { event }] of batch.entries()) {
      // A restarted host runs an unfinished process again. What it told before, it does not tell twice.
      if (!results[index]?.duplicate) runs.apply(event)
    }
  })
  sender.wake()
}

/** One key for each transition of each node of a run, the same whenever the run is repeated. */
export function idempotencyKeys(): (event: LifecycleInput) => string {
  const times = new Map<string, number>()
  return ({ type, data }) => {
    const transition = `${data.runId}/${'nodeId' in data ? data.nodeId : ''}/${type}`
    // A node inside a loop comes to the same state again.
    const time = (times.get(transition) ?? 0) + 1
    times.set(transition, time)
    return `${transition}/${time}`
  }
}
