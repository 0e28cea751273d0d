import type { Clock } from '../../ports/clock'
import type { Awaitable, IdempotencyStore } from '../../ports/idempotency-store'
import { type FakeClock, fakeClock } from '../fake-clock'
import { Bench } from './bench'
import type { Law } from './law'
import { claimLaws } from './laws/claim'
import { holdLaws } from './laws/hold'
import { upkeepLaws } from './laws/upkeep'

const laws = { ...claimLaws, ...holdLaws, ...upkeepLaws }

/** The name of a law. */
export type IdempotencyLaw = keyof typeof laws

export const idempotencyLaws: readonly IdempotencyLaw[] = Object.freeze(
  Object.keys(laws).filter(isLaw),
)

/** What a test runner must have: vitest, jest and `node:test` do. */
export interface ContractRunner {
  describe(name: string, body: () => void): unknown
  readonly it: {
    (name: string, body: () => Promise<void>): unknown
    skip(name: string, body: () => Promise<void>): unknown
  }
}

export interface IdempotencyContract {
  readonly runner: ContractRunner
  /** The store's name, for the report. */
  readonly name: string
  /** `fake`: the store tells time by the clock it is given. `own`: by another, such as its database's; the laws then wait for real. */
  readonly clock: 'fake' | 'own'
  /** A new, empty store, not migrated. `clock` is given under `fake`. Closed after each law. */
  create(context: { readonly clock?: Clock }): Awaitable<IdempotencyStore>
  /** Another handle on the data of a store, where one can be had. Closed after each law. */
  reopen?(store: IdempotencyStore, context: { readonly clock?: Clock }): Awaitable<IdempotencyStore>
  /** Laws that cannot hold for this store, each with the reason; it is shown. */
  readonly skip?: Partial<Record<IdempotencyLaw, string>>
}

/** Nobody waits a day for a database's clock. */
const needFakeClock: Partial<Record<IdempotencyLaw, string>> = {
  'complete: days can be remembered': 'takes days by the own clock',
  'prune: drops a claim whose lease ran out a day ago': 'takes a day by the own clock',
}

/** Beyond a lease's end by the own clock, which may tick coarsely. */
const MARGIN_MS = 25

/**
 * Registers one test for each law of the `IdempotencyStore` port.
 *
 * @example
 * import { describe, it } from 'vitest'
 * idempotencyContract({
 *   runner: { describe, it },
 *   name: 'my store',
 *   clock: 'fake',
 *   create: ({ clock }) => myStore({ clock }),
 *   skip: { 'migrate: may be repeated, and run concurrently': 'there is nothing to migrate' },
 * })
 */
export function idempotencyContract(contract: IdempotencyContract): void {
  const { runner, name, clock } = contract
  const skip = { ...(clock === 'own' ? needFakeClock : {}), ...contract.skip }
  runner.describe(`idempotency store: ${name} (${clock} clock)`, () => {
    for (const law of idempotencyLaws) {
      const reason = skip[law]
      if (reason === undefined) runner.it(law, () => runLaw(contract, laws[law]))
      else runner.it.skip(`${law} (skipped: ${reason})`, async () => {})
    }
  })
}

async function runLaw(contract: IdempotencyContract, law: Law): Promise<void> {
  const clock = contract.clock === 'fake' ? fakeClock() : undefined
  const context = clock ? { clock } : {}
  const opened: IdempotencyStore[] = []
  const open = async (store: Awaitable<IdempotencyStore>) => {
    opened.unshift(await store)
    return store
  }
  const store = await open(contract.create(context))
  try {
    await store.migrate?.()
    const bench = new Bench({
      store,
      exact: clock !== undefined,
      pass: (ms) => pass(ms, clock),
      handle: async () => (contract.reopen ? open(contract.reopen(store, context)) : store),
      unmigrated: async () => open(contract.create(context)),
    })
    await law(bench)
  } finally {
    for (const each of opened) await each.close?.()
  }
}

function pass(ms: number, clock: FakeClock | undefined): Promise<void> {
  return clock ? clock.advance(ms) : new Promise((resolve) => setTimeout(resolve, ms + MARGIN_MS))
}

function isLaw(name: string): name is IdempotencyLaw {
  return Object.hasOwn(laws, name)
}
