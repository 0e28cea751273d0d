import { createReceiver, type DispatchEvent, fromEnv, type Receiver } from '@posthorn/receiver'
import { events } from './webhooks'

/** The part of a BullMQ queue that is used. */
export interface JobQueue {
  add(name: string, data: DispatchEvent, options: { readonly jobId: string }): Promise<unknown>
}

const PATIENCE_MS = 5_000

/** A route's end that adds a job for each webhook: 202 once it is there, 503 when it is not. Every adapter takes it. */
export function handOff(queue: JobQueue): Pick<Receiver, 'receive'> {
  const intake = createReceiver({
    events,
    secrets: fromEnv('WEBHOOK_SECRET'),
    idempotency: 'none',
  })
  // BullMQ takes no number for an id, and ids of several senders have to differ: hence the prefix.
  intake.onAny((event, { messageId }) =>
    inTime(queue.add(event.type, event, { jobId: `workflows-${messageId}` })),
  )
  return {
    async receive(request) {
      const result = await intake.receive(request)
      const { outcome } = result
      if (outcome.kind === 'handled') return { ...result, status: 202, body: '{"code":"accepted"}' }
      if (outcome.kind !== 'refused' || outcome.code !== 'handler_failed') return result
      return { ...result, status: 503, body: '{"code":"store_unavailable"}' }
    },
  }
}

/** A queue that waits for its Redis must not keep the sender waiting. */
async function inTime(adding: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('Redis does not answer')), PATIENCE_MS)
  })
  await Promise.race([adding, late]).finally(() => clearTimeout(timer))
}
