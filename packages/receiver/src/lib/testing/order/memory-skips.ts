import type { OrderLaw } from './contract'

const nothingToMigrate = 'memory has nothing to migrate'

/** The laws that cannot hold for a store in memory. */
export const memoryOrderSkips: Partial<Record<OrderLaw, string>> = {
  'migrate: before it, every call fails with store_not_migrated': nothingToMigrate,
  'migrate: may be repeated, and run concurrently': nothingToMigrate,
}
