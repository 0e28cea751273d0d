export { type MemoryIdempotencyOptions, memoryIdempotency } from './lib/stores/memory'
