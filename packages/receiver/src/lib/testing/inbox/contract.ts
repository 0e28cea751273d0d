import type { Clock } from '../../ports/clock'
import type { Awaitable } from '../../ports/idempotency-store'
import type { InboxStore } from '../../ports/inbox-store'
import type { ContractRunner } from '../contract/contract'
import { timeOf } from '../contract/time'
import { InboxBench, type InboxLaw as Law } from './bench'
import { acceptLaws } from './laws/accept'
import { claimLaws } from './laws/claim'
import { settleLaws } from './laws/settle'
import { upkeepLaws } from './laws/upkeep'

const laws = { ...acceptLaws, ...claimLaws, ...settleLaws, ...upkeepLaws }

/** The name of a law. */
export type InboxLaw = keyof typeof laws

export const inboxLaws: readonly InboxLaw[] = Object.freeze(Object.keys(laws).filter(isLaw))

/** What `inboxContract` is told of a store. */
export interface InboxSuite {
  readonly runner: ContractRunner
  readonly name: string
  /** `fake`: the store takes the clock it is given. `own`: it keeps its own time, and a law really waits. */
  readonly clock: 'fake' | 'own'
  /** What `store.host.kind` is: without transactions, their laws do not apply. */
  readonly host: 'none' | 'sync' | 'async'
  /** A new, empty store, not migrated. Called once or twice for each law. */
  create(context: { readonly clock: Clock }): Awaitable<InboxStore>
  /** A second handle on the data of a store that `create` made; they share one handle without. */
  reopen?(store: InboxStore, context: { readonly clock: Clock }): Awaitable<InboxStore>
  /** Called after each law with every store that was made for it, closed already. */
  cleanUp?(stores: readonly InboxStore[]): Awaitable<void>
  /** Laws that the store cannot keep, each with the reason, which is shown. */
  readonly skip?: Partial<Record<InboxLaw, string>>
}

/**
 * Proves that a store keeps the laws of the `InboxStore` port, one named test for each.
 *
 * @throws TypeError when `skip` names a law that there is not.
 * @example
 * import { describe, it } from 'vitest'
 * inboxContract({
 *   runner: { describe, it },
 *   name: 'my store',
 *   clock: 'fake',
 *   host: 'none',
 *   create: ({ clock }) => myInbox(db(), { clock }),
 * })
 */
export function inboxContract(suite: InboxSuite): void {
  const { runner, skip = {} } = suite
  const unknown = Object.keys(skip).find((name) => !isLaw(name))
  if (unknown !== undefined) throw new TypeError(`inboxContract: there is no law "${unknown}"`)
  runner.describe(`inbox contract: ${suite.name}`, () => {
    for (const name of inboxLaws) {
      const noHost = suite.host === 'none' && name.startsWith('host: ')
      const reason = skip[name] ?? (noHost ? 'no transactions' : undefined)
      const body = () => judge(suite, laws[name])
      if (reason === undefined) runner.it(name, body)
      else runner.it.skip(`${name} (skipped: ${reason})`, body)
    }
  })
}

async function judge(suite: InboxSuite, law: Law): Promise<void> {
  const time = timeOf(suite.clock)
  const context = { clock: time.clock }
  const opened: InboxStore[] = []
  const keep = async (making: Awaitable<InboxStore>) => {
    const store = await making
    opened.push(store)
    return store
  }
  try {
    const store = await keep(suite.create(context))
    await store.migrate?.()
    await law(
      new InboxBench({
        store,
        pass: time.pass,
        handle: async () => (suite.reopen ? keep(suite.reopen(store, context)) : store),
        unmigrated: () => keep(suite.create(context)),
      }),
    )
  } finally {
    for (const store of opened) await store.close?.()
    await suite.cleanUp?.(opened)
  }
}

function isLaw(name: string): name is InboxLaw {
  return Object.hasOwn(laws, name)
}
