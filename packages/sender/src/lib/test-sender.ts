import { createSender } from './create-sender'
import type { SenderOptions } from './options'
import type { SyncTransactions } from './ports/store'
import { memoryStore } from './stores/memory/memory-store'
import { fakeClock } from './testing/fake-clock'
import {
  type RecordingTransport,
  type Responder,
  recordingTransport,
} from './testing/recording-transport'

type Options = Partial<SenderOptions<never, SyncTransactions<undefined>>>

/** A sender over the memory store, a fake clock and a transport that answers as told, for the tests beside the code. */
export function testSender(responder: Responder = [], options: Options = {}) {
  const clock = fakeClock()
  const transport: RecordingTransport = recordingTransport(responder, { clock })
  const store = memoryStore()
  const sender = createSender({ store, clock, transport, random: () => 0, ...options })
  return { clock, transport, store, sender }
}

export const url = 'https://receiver.example/webhooks'
export const run = { type: 'run.completed', data: { runId: 'r1' } } as const
