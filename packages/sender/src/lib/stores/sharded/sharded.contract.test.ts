import { describe, it } from 'vitest'
import type { StoreContext } from '../../testing/contract/suite'
import { storeContract } from '../../testing/contract/suite'
import { memoryStore } from '../memory/memory-store'
import { shardedStore } from './sharded-store'

/** The tenants of the laws live apart. */
const create = ({ clock }: StoreContext) =>
  shardedStore({
    shards: { one: memoryStore({ clock }), other: memoryStore({ clock }) },
    shardOf: (tenantId) => (tenantId.length % 2 === 0 ? 'one' : 'other'),
  })

storeContract({
  runner: { describe, it },
  name: 'two memory stores as shards, fake clock',
  clock: 'fake',
  host: 'sync',
  create,
  skip: {
    'store: before migrate, every call rejects with store_not_migrated': 'memory has no schema',
  },
})
