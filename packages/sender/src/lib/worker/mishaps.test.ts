import { WebhookError } from '@posthorn/schema'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AttemptRecord } from '../model/delivery'
import type { Logger } from '../ports/logger'
import type { Transport } from '../ports/transport'
import { run, testSender, url } from '../test-sender'
import { recordingTransport } from '../testing/recording-transport'

const unhandled: unknown[] = []
const note = (reason: unknown) => unhandled.push(reason)
beforeEach(() => {
  unhandled.length = 0
  process.on('unhandledRejection', note)
})
afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

async function sent(...options: Parameters<typeof testSender>) {
  const bench = testSender(...options)
  const { endpoint } = await bench.sender.endpoints.create({ url })
  await bench.sender.send(run)
  const delivery = async () => {
    const [found] = (await bench.sender.deliveries.list()).items
    if (found === undefined) throw new TypeError('no delivery')
    return found
  }
  const attempts = async () => bench.sender.deliveries.attempts((await delivery()).id)
  return { ...bench, endpoint, delivery, attempts }
}

describe('a transport that breaks its law', () => {
  const throwing: [name: string, send: Transport['send']][] = [
    [
      'and throws',
      () => {
        throw new RangeError('thrown at https://receiver.example')
      },
    ],
    ['and rejects', () => Promise.reject(new RangeError('rejected'))],
    ['and rejects with nothing', () => Promise.reject()],
  ]
  it.each(throwing)('%s costs an attempt, and the delivery goes on', async (_name, send) => {
    const transport = recordingTransport()
    let broken = true
    const { clock, sender, delivery, attempts } = await sent([], {
      transport: {
        ...transport,
        send: (request) => (broken ? send(request) : transport.send(request)),
      },
    })
    expect(await sender.deliverDue()).toMatchObject({ retrying: 1 })
    expect(await attempts()).toMatchObject([
      { outcome: 'network', error: { code: 'transport_failed' } },
    ])
    broken = false
    await clock.advance('5s')
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1 })
    expect(await delivery()).toMatchObject({ status: 'succeeded', attempts: 2 })
  })
})

describe('a request that cannot be built', () => {
  it('fails its delivery in sight, and the log says what is wrong', async () => {
    const lines: string[] = []
    const line = (fields: object, message: string) =>
      lines.push(JSON.stringify({ ...fields, message }))
    const logger: Logger = { debug: line, info: line, warn: line, error: line }
    const { sender, store, delivery, attempts } = await sent([], { logger })
    const [endpoint] = await store.endpoints.forTenant('default')
    if (endpoint === undefined) throw new TypeError('no endpoint')
    await store.endpoints.replace({ ...endpoint, schemes: ['md5'] })
    expect(await sender.deliverDue()).toMatchObject({ failed: 1 })
    expect(await delivery()).toMatchObject({ status: 'failed', reason: 'config' })
    expect(await attempts()).toMatchObject([
      { outcome: 'config', error: { code: 'request_not_built' } },
    ])
    expect(await sender.endpoints.get(endpoint.id)).toMatchObject({ health: 'healthy' })
    expect(lines.join('\n')).toContain('Scheme \\"md5\\" is not registered')
  })
})

describe('hooks of the host', () => {
  it('that log may throw', async () => {
    const fail = () => {
      throw new RangeError('the log is full')
    }
    const logger = { debug: fail, info: fail, warn: fail, error: fail }
    const { clock, sender, delivery } = await sent([500, { status: 200 }], { logger })
    sender.start()
    await clock.advance('5s')
    expect(await delivery()).toMatchObject({ status: 'succeeded', attempts: 2 })
    await sender.stop()
  })

  it('that listen may reject', async () => {
    const { sender } = await sent()
    const heard: string[] = []
    sender.on('delivery.succeeded', async ({ eventId }) => {
      heard.push(eventId)
      throw new RangeError('the listener failed')
    })
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1 })
    expect(heard).toHaveLength(1)
  })

  const redactions: [name: string, redact: (attempt: AttemptRecord) => unknown][] = [
    ['answers nothing', () => undefined],
    ['answers a promise', async (attempt) => attempt],
    ['answers a string', () => '***'],
  ]
  it.each(redactions)(
    'that redact, but one %s, keep the response out of the log',
    async (_, redact) => {
      const { sender, attempts } = await sent([{ status: 200, body: 'secret' }], {
        redact: redact as (attempt: AttemptRecord) => AttemptRecord,
      })
      expect(await sender.deliverDue()).toMatchObject({ succeeded: 1 })
      const [attempt] = await attempts()
      expect(attempt).toMatchObject({ number: 1, status: 200, outcome: 'success' })
      expect(attempt).not.toHaveProperty('responseBody')
      expect(attempt).not.toHaveProperty('responseHeaders')
    },
  )
})

describe('a store that fails in the middle', () => {
  it('costs a duplicate and no event, when an outcome cannot be written', async () => {
    const { clock, sender, store, transport, delivery } = await sent()
    const { settle } = store.deliveries
    store.deliveries.settle = async () => {
      throw new WebhookError('store_failed', 'The disk is full.')
    }
    const errors: unknown[] = []
    sender.on('worker.error', ({ error }) => errors.push(error))
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 0 })
    expect(errors).toMatchObject([{ code: 'store_failed' }])
    expect(await delivery()).toMatchObject({ status: 'delivering' })
    store.deliveries.settle = settle
    await clock.advance('45s')
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1 })
    expect(transport.requests).toHaveLength(2)
  })

  it('does not keep the slots of what it lost', async () => {
    const { clock, sender, store } = await sent([], { worker: { concurrency: 1 } })
    const { settle } = store.deliveries
    store.deliveries.settle = async (batch) => {
      store.deliveries.settle = settle
      void batch
      throw new RangeError('once')
    }
    await sender.send(run)
    sender.start()
    await clock.advance('1s')
    expect((await sender.statistics()).succeeded).toBe(1)
    await clock.advance('45s')
    expect((await sender.statistics()).succeeded).toBe(2)
    await sender.stop()
  })

  it('may answer too few verdicts, which is an error and no silence', async () => {
    const { sender, store } = await sent()
    store.deliveries.settle = async () => []
    const errors: unknown[] = []
    sender.on('worker.error', ({ error }) => errors.push(error))
    await sender.deliverDue()
    expect(errors).toHaveLength(1)
  })

  it('keeps a delivery’s outcome though its endpoint cannot be updated', async () => {
    const { sender, store, delivery, endpoint } = await sent([500])
    store.endpoints.transition = async () => {
      throw new WebhookError('store_failed', 'The disk is full.')
    }
    expect(await sender.deliverDue()).toMatchObject({ retrying: 1 })
    expect(await delivery()).toMatchObject({ status: 'pending', lastStatus: 500 })
    expect(await sender.endpoints.get(endpoint.id)).toMatchObject({ health: 'healthy' })
  })

  it('does not stop the keeping of leases', async () => {
    const lines: string[] = []
    const line = (_fields: object, message: string) => lines.push(message)
    const logger = { debug: () => {}, info: () => {}, warn: line, error: line }
    const { clock, sender, store } = await sent(() => ({ status: 200, delay: '14s' }), {
      logger,
      worker: { lease: '30s' },
    })
    const { extend } = store.deliveries
    store.deliveries.extend = async () => {
      store.deliveries.extend = async (leases, leaseMs) => (await extend(leases, leaseMs)).slice(1)
      throw new WebhookError('store_failed', 'The disk is full.')
    }
    sender.start()
    await clock.advance(1)
    await clock.advance('10s')
    await sender.send(run)
    await clock.advance('10s')
    expect(lines).toEqual([
      'leases could not be extended',
      'a lease was lost while its attempt ran',
    ])
    await clock.advance('10s')
    expect((await sender.statistics()).succeeded).toBe(2)
    await sender.stop()
  })

  it('that lost the lease keeps its state, and the attempt is on record', async () => {
    const { clock, sender, store, attempts, delivery } = await sent(() => ({
      status: 500,
      delay: '10s',
    }))
    store.deliveries.extend = async () => []
    sender.start()
    await clock.advance(1)
    await store.deliveries.cancel('default', (await delivery()).id)
    await clock.advance('30s')
    expect(await delivery()).toMatchObject({ status: 'canceled' })
    expect(await attempts()).toHaveLength(1)
    await sender.stop()
  })
})
