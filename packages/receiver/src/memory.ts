export { type MemoryIdempotencyOptions, memoryIdempotency } from './lib/stores/memory'
export { type MemoryInboxOptions, memoryInbox } from './lib/stores/memory-inbox'
export { type MemoryOrderOptions, memoryOrder } from './lib/stores/memory-order'
