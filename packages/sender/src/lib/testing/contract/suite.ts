import { systemClock } from '../../clock'
import type { Clock } from '../../ports/clock'
import type { SenderStore } from '../../ports/store'
import { type FakeClock, fakeClock } from '../fake-clock'
import { Bench } from './bench'
import type { Law } from './law'
import { asyncHostLaws, laws, type StoreLaw, syncHostLaws } from './laws'

/** The part of a test runner that is used: vitest, jest and node:test fit. */
export interface ContractRunner {
  describe(name: string, body: () => void): unknown
  readonly it: {
    (name: string, body: () => Promise<void>): unknown
    skip(name: string, body: () => Promise<void>): unknown
  }
}

/** What `storeContract` is told of a store. */
export interface StoreSuite {
  readonly runner: ContractRunner
  readonly name: string
  /** `fake`: the store takes the clock it is given, and days pass at once. `own`: it keeps its own time, and a law really waits. */
  readonly clock: 'fake' | 'own'
  /** What `store.host.kind` is: laws of the other kinds do not apply. */
  readonly host: 'none' | 'sync' | 'async'
  /** A new, empty store, not migrated. Called once or twice for each law. */
  create(context: StoreContext): SenderStore | Promise<SenderStore>
  /** A second handle on the database of a store that `create` made, for the laws about concurrency; they share one handle without. */
  reopen?(store: SenderStore, context: StoreContext): SenderStore | Promise<SenderStore>
  /** Called after each law with every store that `create` and `reopen` made for it, closed already. */
  cleanUp?(stores: readonly SenderStore[]): void | Promise<void>
  /** Laws that the store cannot keep, each with the reason, which is shown. */
  readonly skip?: Partial<Record<StoreLaw, string>>
}

/** What a store is made with. */
export interface StoreContext {
  /** The clock of the law: a fake one, or the machine's, which a store with a clock of its own leaves alone. */
  readonly clock: Clock
}

/** A real wait is a little longer than was asked for: timers may fire early, and clocks be coarse. */
const MARGIN_MS = 15

/**
 * Proves that a store keeps the laws of its ports, one named test for each.
 *
 * @example
 * import { describe, it } from 'vitest'
 * storeContract({
 *   runner: { describe, it },
 *   name: 'my store',
 *   clock: 'fake',
 *   host: 'none',
 *   create: ({ clock }) => myStore(db(), { clock }),
 * })
 */
export function storeContract(suite: StoreSuite): void {
  const skipped: Partial<Record<string, string>> = suite.skip ?? {}
  checkSkips(Object.keys(skipped))
  suite.runner.describe(`store contract: ${suite.name}`, () => {
    for (const [name, law] of Object.entries(laws)) {
      const reason = skipped[name] ?? inapplicable(name, suite.host)
      const body = () => judge(suite, law)
      if (reason === undefined) suite.runner.it(name, body)
      else suite.runner.it.skip(`${name} (skipped: ${reason})`, body)
    }
  })
}

function checkSkips(names: readonly string[]): void {
  const unknown = names.find((name) => !Object.hasOwn(laws, name))
  if (unknown !== undefined) throw new TypeError(`storeContract: there is no law "${unknown}"`)
}

function inapplicable(name: string, host: StoreSuite['host']): string | undefined {
  if (host !== 'sync' && Object.hasOwn(syncHostLaws, name)) return 'no synchronous transactions'
  if (host !== 'async' && Object.hasOwn(asyncHostLaws, name)) return 'no asynchronous transactions'
  return undefined
}

async function judge(suite: StoreSuite, law: Law): Promise<void> {
  const time = suite.clock === 'fake' ? fakeTime() : ownTime()
  const context = { clock: time.clock }
  const opened: SenderStore[] = []
  const keep = async (making: SenderStore | Promise<SenderStore>) => {
    const store = await making
    opened.push(store)
    return store
  }
  try {
    const store = await keep(suite.create(context))
    const bench = new Bench({
      store,
      pass: time.pass,
      handle: async () => (suite.reopen ? keep(suite.reopen(store, context)) : store),
      unmigrated: () => keep(suite.create(context)),
    })
    await store.migrate()
    await law(bench)
  } finally {
    for (const store of opened) await store.close()
    await suite.cleanUp?.(opened)
  }
}

interface Time {
  readonly clock: Clock
  pass(ms: number): Promise<void>
}

function fakeTime(): Time {
  const clock: FakeClock = fakeClock()
  return { clock, pass: (ms) => clock.advance(ms) }
}

function ownTime(): Time {
  return { clock: systemClock, pass: (ms) => systemClock.sleep(ms + MARGIN_MS) }
}
