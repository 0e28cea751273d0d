import { describe, it } from 'vitest'
import { storeContract } from '../../testing/contract/suite'
import { memoryStore } from './memory-store'

const skip = {
  'store: before migrate, every call rejects with store_not_migrated': 'memory has no schema',
} as const

storeContract({
  runner: { describe, it },
  name: 'memory, fake clock',
  clock: 'fake',
  host: 'sync',
  create: ({ clock }) => memoryStore({ clock }),
  skip,
})

storeContract({
  // Each law has a store of its own, so their real waits may overlap.
  runner: { describe, it: it.concurrent },
  name: 'memory, own clock',
  clock: 'own',
  host: 'sync',
  create: () => memoryStore(),
  skip,
})
