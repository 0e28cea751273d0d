export {
  type MemoryStore,
  type MemoryStoreOptions,
  memoryStore,
} from './lib/stores/memory/memory-store'
