import { WebhookError } from '@posthorn/schema'
import type { AsyncTransactions, EndpointRecord } from '@posthorn/sender'
import type { Database } from '../database'
import { hostTransaction, type PgliteLike, type PgPoolLike } from '../host-transaction'
import type { PgClientLike } from '../pg-client-like'
import { insertEvents } from './events'
import type { EndpointName } from './memory'
import { deliveriesOf } from './new-events'

interface HostParts {
  /** The tenant's endpoints, as a transaction sees them. */
  endpoints(on: Database, tenantId: string): Promise<readonly EndpointRecord[]>
  /** Is told to which endpoints a transaction of the store's client has sent. */
  committed(sent: readonly EndpointName[]): void
}

/** The host's transactions: of `pg`'s pool, or of PGlite. Any other client runs its own, and hands them to `enqueue`. */
export function hostTransactions(
  database: Database,
  client: PgClientLike,
  { endpoints, committed }: HostParts,
): AsyncTransactions<PgClientLike> {
  const written = new WeakMap<PgClientLike, EndpointName[]>()
  return {
    kind: 'async',
    endpoints: (tenantId, tx) => endpoints(database.on(tx), tenantId),
    async enqueue(events, tx) {
      const result = await insertEvents(database.on(tx), events)
      written.get(tx)?.push(...deliveriesOf(events))
      return result
    },
    async transaction(work) {
      if (isPglite(client) || isPool(client)) {
        const sent: EndpointName[] = []
        const result = await hostTransaction(client, (tx) => {
          written.set(tx, sent)
          return work(tx)
        })
        committed(sent)
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
