import type { InboxLaw } from './contract'

const nothingToMigrate = 'memory has nothing to migrate'

/** The laws that cannot hold for a store in memory. */
export const memoryInboxSkips: Partial<Record<InboxLaw, string>> = {
  'migrate: before it, every call fails with store_not_migrated': nothingToMigrate,
  'migrate: may be repeated, and run concurrently': nothingToMigrate,
}
