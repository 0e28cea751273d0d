import { expect, it } from 'vitest'
import { toExpress } from '../adapters/express'
import { toFastify } from '../adapters/fastify'
import { toFetch } from '../adapters/fetch'
import { toKoa } from '../adapters/koa'
import { toLambda } from '../adapters/lambda'
import { toNest } from '../adapters/nest'
import { toNextApi } from '../adapters/next-api'
import { toNextRoute } from '../adapters/next-route'
import { toNode } from '../adapters/node'
import { createReceiver } from '../receiver'
import { memoryInbox } from '../stores/memory-inbox'
import { events, SECRET, signed } from '../test-support'
import { fakeClock } from '../testing/fake-clock'
import { createInbox } from './create-inbox'

const clock = fakeClock(Date.UTC(2026, 0, 31, 12))
const receiver = createReceiver({ events, secrets: SECRET, idempotency: 'none', clock })
const inbox = createInbox(receiver, { store: memoryInbox(), source: 'billing' })
inbox.on('run.completed', () => {})

it('an inbox goes where a receiver goes, in every adapter', async () => {
  const adapters = [toExpress, toFastify, toKoa, toNest, toNextApi, toNextRoute, toNode]
  for (const adapter of adapters) expect(adapter(inbox)).toBeTypeOf('function')
  const { headers, body } = await signed()
  const request = new Request('http://localhost/', { method: 'POST', headers, body })
  const response = await toFetch(inbox)(request)
  expect([response.status, await response.json()]).toEqual([202, { code: 'accepted' }])
  const text = new TextDecoder().decode(body)
  expect(await toLambda(inbox)({ httpMethod: 'POST', headers, body: text })).toMatchObject({
    statusCode: 200,
    headers: { 'webhook-duplicate': 'true' },
  })
})
