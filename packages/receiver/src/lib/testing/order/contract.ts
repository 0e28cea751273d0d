import type { Clock } from '../../ports/clock'
import type { Awaitable } from '../../ports/idempotency-store'
import type { OrderStore } from '../../ports/order-store'
import type { ContractRunner } from '../contract/contract'
import { timeOf } from '../contract/time'
import { OrderBench } from './bench'
import type { OrderSuiteHost } from './host'
import { advanceLaws } from './laws/advance'
import { upkeepLaws } from './laws/upkeep'

const laws = { ...advanceLaws, ...upkeepLaws }

/** The name of a law. */
export type OrderLaw = keyof typeof laws

export const orderLaws: readonly OrderLaw[] = Object.freeze(Object.keys(laws).filter(isLaw))

/** What `orderContract` is told of a store. */
export interface OrderSuite {
  readonly runner: ContractRunner
  readonly name: string
  /** `fake`: the store takes the clock it is given. `own`: it keeps its own time, and a law really waits. */
  readonly clock: 'fake' | 'own'
  /** Where transactions are synchronous, nothing can wait for one: those laws do not apply. */
  readonly host: OrderSuiteHost
  /** A new, empty store, not migrated. Called once or twice for each law. */
  create(context: { readonly clock: Clock }): Awaitable<OrderStore>
  /** A second handle on the data of a store that `create` made; they share one handle without. */
  reopen?(store: OrderStore, context: { readonly clock: Clock }): Awaitable<OrderStore>
  /** Called after each law with every store that was made for it, closed already. */
  cleanUp?(stores: readonly OrderStore[]): Awaitable<void>
  /** Laws that the store cannot keep, each with the reason, which is shown. */
  readonly skip?: Partial<Record<OrderLaw, string>>
}

/**
 * Proves that a store keeps the laws of the `OrderStore` port, one named test for each.
 *
 * @throws TypeError when `skip` names a law that there is not.
 * @example
 * import { describe, it } from 'vitest'
 * orderContract({
 *   runner: { describe, it },
 *   name: 'my store',
 *   clock: 'fake',
 *   host: { kind: 'none' },
 *   create: ({ clock }) => myOrder(db(), { clock }),
 * })
 */
export function orderContract(suite: OrderSuite): void {
  const { runner, skip = {} } = suite
  const unknown = Object.keys(skip).find((name) => !isLaw(name))
  if (unknown !== undefined) throw new TypeError(`orderContract: there is no law "${unknown}"`)
  runner.describe(`order contract: ${suite.name}`, () => {
    for (const name of orderLaws) {
      const reason = skip[name] ?? inapplicable(name, suite)
      const body = () => judge(suite, laws[name])
      if (reason === undefined) runner.it(name, body)
      else runner.it.skip(`${name} (skipped: ${reason})`, body)
    }
  })
}

function inapplicable(name: OrderLaw, { host }: OrderSuite): string | undefined {
  if (!name.startsWith('host: ')) return undefined
  if (host.kind === 'none') return 'no transactions'
  return host.kind === 'sync' && name.includes(' waits ') ? 'transactions cannot wait' : undefined
}

async function judge(suite: OrderSuite, law: (bench: OrderBench) => Promise<void>): Promise<void> {
  const time = timeOf(suite.clock)
  const context = { clock: time.clock }
  const opened: OrderStore[] = []
  const keep = async (making: Awaitable<OrderStore>) => {
    const store = await making
    opened.push(store)
    return store
  }
  try {
    const store = await keep(suite.create(context))
    const bench = new OrderBench({
      store,
      pass: time.pass,
      handle: async () => (suite.reopen ? keep(suite.reopen(store, context)) : store),
      unmigrated: () => keep(suite.create(context)),
      host: suite.host,
    })
    await store.migrate?.()
    await law(bench)
  } finally {
    for (const store of opened) await store.close?.()
    await suite.cleanUp?.(opened)
  }
}

function isLaw(name: string): name is OrderLaw {
  return Object.hasOwn(laws, name)
}
