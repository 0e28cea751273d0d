import type { Connection } from '../connection'
import type { EndpointCache } from './endpoint-cache'
import type { Claimed } from './leases'

/** What an operation of the store works with. */
export interface StoreContext {
  readonly connection: Connection
  /** The store's clock, in whole milliseconds. */
  now(): number
  readonly endpoints: EndpointCache
  readonly claimed: Claimed
}
