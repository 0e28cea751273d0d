export { shardedStore } from './lib/stores/sharded/sharded-store'
export type { ShardedStoreOptions } from './lib/stores/sharded/shards'
