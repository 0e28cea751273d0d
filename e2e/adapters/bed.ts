import {
  createReceiver,
  type ReceiveResult,
  type Receiver,
  type ReceiverOptions,
} from '@posthorn/receiver'
import { memoryIdempotency } from '@posthorn/receiver/memory'
import { createTestEvent, signTestRequest } from '@posthorn/receiver/testing'
import { defineEvents } from '@posthorn/schema'
import { schemes, signHeaders } from '@posthorn/schema/signature'
import { z } from 'zod'

export const SECRET = `whsec_${btoa('k'.repeat(32))}`
export const MAX_BODY_BYTES = 10_000

export const events = defineEvents({
  'run.completed': { schema: z.object({ runId: z.string() }), example: { runId: 'r1' } },
})
export type Events = typeof events

export const event = createTestEvent(events, 'run.completed')

export interface LogLine {
  readonly level: string
  readonly message: string
}

export interface Bed {
  readonly receiver: Receiver<Events>
  readonly lines: LogLine[]
  /** How many requests were begun. */
  readonly begun: { count: number }
  readonly results: ReceiveResult[]
  /** The bodies that reached the verifier. */
  readonly verified: Uint8Array[]
}

export function createBed(options: Partial<ReceiverOptions<Events>> = {}): Bed {
  const lines: LogLine[] = []
  const begun = { count: 0 }
  const results: ReceiveResult[] = []
  const verified: Uint8Array[] = []
  const log = (level: string) => (_fields: object, message: string) =>
    void lines.push({ level, message })
  const inner = createReceiver<Events>({
    events,
    secrets: SECRET,
    idempotency: { store: memoryIdempotency(), source: 'adapters' },
    maxBodyBytes: MAX_BODY_BYTES,
    logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    scheme: {
      ...schemes.standard,
      verify: (request, secrets, options) => {
        verified.push(Uint8Array.from(request.body))
        return schemes.standard.verify(request, secrets, options)
      },
    },
    ...options,
  })
  const receiver: Receiver<Events> = {
    ...inner,
    receive: async (request) => {
      begun.count += 1
      const result = await inner.receive(request)
      results.push(result)
      return result
    },
  }
  return { receiver, lines, begun, results, verified }
}

export async function signBytes(
  body: Uint8Array<ArrayBuffer>,
  id = 'msg_1',
): Promise<Record<string, string>> {
  const timestamp = Math.floor(Date.now() / 1_000)
  return signHeaders(schemes.standard, { id, timestamp, body }, [SECRET])
}

export const sign = () => signTestRequest(event, { secret: SECRET })
