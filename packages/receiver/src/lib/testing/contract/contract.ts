import type { Clock } from '../../ports/clock'
import type { Awaitable, IdempotencyStore } from '../../ports/idempotency-store'
import { Bench } from './bench'
import type { Law } from './law'
import { claimLaws } from './laws/claim'
import { holdLaws } from './laws/hold'
import { upkeepLaws } from './laws/upkeep'
import { timeOf } from './time'

const laws = { ...claimLaws, ...holdLaws, ...upkeepLaws }

/** The name of a law. */
export type IdempotencyLaw = keyof typeof laws

export const idempotencyLaws: readonly IdempotencyLaw[] = Object.freeze(
  Object.keys(laws).filter(isLaw),
)

/** The part of a test runner that is used: vitest, jest and node:test fit. */
export interface ContractRunner {
  describe(name: string, body: () => void): unknown
  readonly it: {
    (name: string, body: () => Promise<void>): unknown
    skip(name: string, body: () => Promise<void>): unknown
  }
}

/** What `idempotencyContract` is told of a store. */
export interface IdempotencySuite {
  readonly runner: ContractRunner
  readonly name: string
  /** `fake`: the store takes the clock it is given, and days pass at once. `own`: it keeps its own time, and a law really waits. */
  readonly clock: 'fake' | 'own'
  /** What `store.host.kind` is: without transactions, their laws do not apply. */
  readonly host: 'none' | 'sync' | 'async'
  /** A new, empty store, not migrated. Called once or twice for each law. */
  create(context: IdempotencySuiteContext): Awaitable<IdempotencyStore>
  /** A second handle on the data of a store that `create` made, for the laws about concurrency; they share one handle without. */
  reopen?(store: IdempotencyStore, context: IdempotencySuiteContext): Awaitable<IdempotencyStore>
  /** Called after each law with every store that `create` and `reopen` made for it, closed already. */
  cleanUp?(stores: readonly IdempotencyStore[]): Awaitable<void>
  /** Laws that the store cannot keep, each with the reason, which is shown. */
  readonly skip?: Partial<Record<IdempotencyLaw, string>>
}

export interface IdempotencySuiteContext {
  readonly clock: Clock
}

/** Nobody waits a day for a database's clock. */
const needFakeClock: Partial<Record<IdempotencyLaw, string>> = {
  'complete: days can be remembered': 'takes days by the own clock',
  'prune: drops a claim whose lease ran out a day ago': 'takes a day by the own clock',
}

/**
 * Proves that a store keeps the laws of the `IdempotencyStore` port, one named test for each.
 *
 * @throws TypeError when `skip` names a law that there is not.
 * @example
 * import { describe, it } from 'vitest'
 * idempotencyContract({
 *   runner: { describe, it },
 *   name: 'my store',
 *   clock: 'fake',
 *   host: 'none',
 *   create: ({ clock }) => myIdempotency(db(), { clock }),
 *   skip: { 'migrate: may be repeated, and run concurrently': 'there is nothing to migrate' },
 * })
 */
export function idempotencyContract(suite: IdempotencySuite): void {
  const { runner, skip = {} } = suite
  const unknown = Object.keys(skip).find((name) => !isLaw(name))
  if (unknown !== undefined) {
    throw new TypeError(`idempotencyContract: there is no law "${unknown}"`)
  }
  runner.describe(`idempotency contract: ${suite.name}`, () => {
    for (const name of idempotencyLaws) {
      const reason = skip[name] ?? inapplicable(name, suite)
      const body = () => judge(suite, laws[name])
      if (reason === undefined) runner.it(name, body)
      else runner.it.skip(`${name} (skipped: ${reason})`, body)
    }
  })
}

function inapplicable(name: IdempotencyLaw, { clock, host }: IdempotencySuite): string | undefined {
  if (host === 'none' && name.startsWith('host: ')) return 'no transactions'
  return clock === 'own' ? needFakeClock[name] : undefined
}

async function judge(suite: IdempotencySuite, law: Law): Promise<void> {
  const time = timeOf(suite.clock)
  const context = { clock: time.clock }
  const opened: IdempotencyStore[] = []
  const keep = async (making: Awaitable<IdempotencyStore>) => {
    const store = await making
    opened.push(store)
    return store
  }
  try {
    const store = await keep(suite.create(context))
    const bench = new Bench({
      store,
      exact: suite.clock === 'fake',
      pass: time.pass,
      handle: async () => (suite.reopen ? keep(suite.reopen(store, context)) : store),
      unmigrated: () => keep(suite.create(context)),
    })
    await store.migrate?.()
    await law(bench)
  } finally {
    for (const store of opened) await store.close?.()
    await suite.cleanUp?.(opened)
  }
}

function isLaw(name: string): name is IdempotencyLaw {
  return Object.hasOwn(laws, name)
}
