import { WebhookError } from '@posthorn/schema'
import type { AsyncTransactions } from '@posthorn/sender'
import type { Database } from '../database'
import { hostTransaction, type PgliteLike, type PgPoolLike } from '../host-transaction'
import type { PgClientLike } from '../pg-client-like'
import { insertEvents } from './events'

/** The host's transactions: of `pg`'s pool, or of PGlite. Any other client runs its own, and hands them to `enqueue`. */
export function hostTransactions(
  database: Database,
  client: PgClientLike,
  committed: () => void,
): AsyncTransactions<PgClientLike> {
  return {
    kind: 'async',
    enqueue: async (events, tx) => (await insertEvents(database.on(tx), events)).result,
    async transaction(work) {
      if (isPglite(client) || isPool(client)) {
        const result = await hostTransaction(client, work)
        committed()
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
