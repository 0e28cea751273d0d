import { createReceiver, fromEnv } from '@posthorn/receiver'
import { toExpress } from '@posthorn/receiver/express'
import { toFastify } from '@posthorn/receiver/fastify'
import { toFetch } from '@posthorn/receiver/fetch'
import { memoryIdempotency } from '@posthorn/receiver/memory'
import { toNode } from '@posthorn/receiver/node'
import { createTestEvent } from '@posthorn/receiver/testing'
import { defineEvents, WebhookError } from '@posthorn/schema'
import { generateSecret, schemes } from '@posthorn/schema/signature'
import { createSender } from '@posthorn/sender'
import { memoryStore } from '@posthorn/sender/memory'
import { checkAddress } from '@posthorn/sender/network'
import { fakeClock } from '@posthorn/sender/testing'
import { sqliteIdempotency } from '@posthorn/sqlite/receiver'
import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'
import { createTestbed } from '@posthorn/testkit'
import { z } from 'zod'

const events = defineEvents({ 'run.completed': z.object({ runId: z.string() }) })

export async function typed() {
  const db = await openSqlite('posthorn.db')
  const sender = createSender({ events, store: sqliteStore(db) })
  await sender.send({ type: 'run.completed', data: { runId: 'r1' } })
  // @ts-expect-error: the catalogue has no such type
  await sender.send({ type: 'run.lost', data: {} })
  // @ts-expect-error: the data of this type has no number there
  await sender.send({ type: 'run.completed', data: { runId: 1 } })

  const idempotency = { store: sqliteIdempotency(db), source: 'billing' }
  const receiver = createReceiver({ events, secrets: fromEnv('WEBHOOK_SECRET'), idempotency })
  receiver.on('run.completed', async ({ data }) => {
    const runId: string = data.runId
    return runId.length > 0 ? undefined : undefined
  })
  return [toExpress(receiver), toFastify(receiver), toFetch(receiver), toNode(receiver)]
}

export const values = [
  memoryStore,
  memoryIdempotency,
  checkAddress,
  fakeClock,
  createTestbed,
  createTestEvent,
  generateSecret,
  schemes.standard,
  WebhookError,
]
