import { describe, it } from 'vitest'
import { idempotencyContract } from '../testing/contract/contract'
import { memorySkips } from '../testing/contract/memory-skips'
import { memoryIdempotency } from './memory'

for (const clock of ['fake', 'own'] as const) {
  idempotencyContract({
    runner: { describe, it },
    name: `memory, ${clock} clock`,
    clock,
    host: 'none',
    create: ({ clock }) => memoryIdempotency({ clock }),
    skip: memorySkips,
  })
}
