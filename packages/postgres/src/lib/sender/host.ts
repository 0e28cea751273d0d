import { WebhookError } from '@posthorn/schema'
import type { AsyncTransactions } from '@posthorn/sender'
import type { Database } from '../database'
import { hostTransaction, type PgliteLike, type PgPoolLike } from '../host-transaction'
import type { PgClientLike } from '../pg-client-like'
import { endpointsOfTenant } from './endpoints'
import { insertEvents } from './events'
import type { OwnedLane } from './lanes'

/**
 * The host's transactions: of `pg`'s pool, or of PGlite. Any other client runs its own, and hands them to `enqueue`.
 *
 * @param committed is told which lanes have work by a transaction of the store's client
 */
export function hostTransactions(
  database: Database,
  client: PgClientLike,
  committed: (lanes: readonly OwnedLane[]) => void,
): AsyncTransactions<PgClientLike> {
  const written = new WeakMap<PgClientLike, OwnedLane[]>()
  return {
    kind: 'async',
    endpoints: (tenantId, tx) => endpointsOfTenant(database.on(tx), tenantId),
    async enqueue(events, tx) {
      const { result, lanes } = await insertEvents(database.on(tx), events)
      written.get(tx)?.push(...lanes)
      return result
    },
    async transaction(work) {
      if (isPglite(client) || isPool(client)) {
        const lanes: OwnedLane[] = []
        const result = await hostTransaction(client, (tx) => {
          written.set(tx, lanes)
          return work(tx)
        })
        committed(lanes)
        return result
      }
      throw new WebhookError(
        'invalid_argument',
        'The client of this store cannot begin a transaction for you. Begin one yourself, and pass its client as `tx`.',
      )
    },
  }
}

const isPglite = (client: object): client is PgliteLike =>
  'transaction' in client && typeof client.transaction === 'function'

/** A single connection of `pg` has `connect` too, but counts none. */
const isPool = (client: object): client is PgPoolLike =>
  'connect' in client && typeof client.connect === 'function' && 'totalCount' in client
