import { createReceiver, type Receiver } from '../receiver'
import { memoryInbox } from '../stores/memory-inbox'
import { type Events, events, NOW, recordingLogger, SECRET } from '../test-support'
import { fakeClock } from '../testing/fake-clock'
import { createInbox } from './create-inbox'
import type { PlainInboxOptions } from './options'

/** An inbox on a fake clock, without jitter. */
export function setUp(options: Partial<PlainInboxOptions> = {}) {
  const clock = fakeClock(NOW)
  const { lines, logger } = recordingLogger()
  const receiver: Receiver<Events> = createReceiver({
    events,
    secrets: SECRET,
    idempotency: 'none',
    clock,
    logger,
  })
  const store = options.store ?? memoryInbox()
  const inbox = createInbox(receiver, { store, source: 'billing', random: () => 0, ...options })
  return { clock, receiver, inbox, store, lines }
}

export const statusOf = async (answer: Promise<{ status: number; body: string }>) => {
  const { status, body } = await answer
  return [status, body === '' ? '' : JSON.parse(body).code]
}
