import { memoryIdempotency } from '@posthorn/receiver/memory'

export const store = () => memoryIdempotency()
