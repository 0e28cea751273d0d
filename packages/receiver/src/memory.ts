export { type MemoryIdempotencyOptions, memoryIdempotency } from './lib/stores/memory'
export { type MemoryOrderOptions, memoryOrder } from './lib/stores/memory-order'
