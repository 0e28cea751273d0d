import { describe, it } from 'vitest'
import { inboxContract } from '../testing/inbox/contract'
import { memoryInboxSkips } from '../testing/inbox/memory-skips'
import { memoryInbox } from './memory-inbox'

for (const clock of ['fake', 'own'] as const) {
  inboxContract({
    runner: { describe, it: it.concurrent },
    name: `memory, ${clock} clock`,
    clock,
    host: 'none',
    create: ({ clock }) => memoryInbox({ clock }),
    skip: memoryInboxSkips,
  })
}
