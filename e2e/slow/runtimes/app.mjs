// The consumer's code: the same in every runtime.
import { createReceiver } from '@posthorn/receiver'
import { toFetch } from '@posthorn/receiver/fetch'
import { memoryIdempotency } from '@posthorn/receiver/memory'

const receiver = createReceiver({
  secrets: `whsec_${btoa('k'.repeat(32))}`,
  idempotency: { store: memoryIdempotency(), source: 'runtimes' },
  maxBodyBytes: 10_000,
})

receiver.on('run.completed', () => {})

export const answer = toFetch(receiver)

export default { fetch: (request) => answer(request) }
