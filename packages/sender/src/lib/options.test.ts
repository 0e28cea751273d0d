import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import pino from 'pino'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Logger } from './ports/logger'
import { run, testSender, url } from './test-sender'
import { VERSION } from './version'

describe('the options', () => {
  it('take a pino logger, which is given ids and never a secret or a body', async () => {
    expectTypeOf(pino()).toExtend<Logger>()
    const lines: string[] = []
    const logger = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) })
    const { clock, sender } = testSender([{ status: 500, body: 'their-secret' }], { logger })
    const { endpoint, secret } = await sender.endpoints.create({ url })
    await sender.send({ ...run, data: { card: '4111-1111' } })
    await sender.deliverDue()
    await clock.advance('5s')
    await sender.deliverDue()
    const log = lines.join('')
    expect(log).toContain(endpoint.id)
    for (const hidden of [secret.slice(6), '4111-1111', 'their-secret', 'webhook-signature']) {
      expect(log).not.toContain(hidden)
    }
  })

  it('name the worker in each line of the log', async () => {
    const workers: unknown[] = []
    const line = (fields: Readonly<Record<string, unknown>>) => workers.push(fields.worker)
    const logger = { debug: line, info: line, warn: line, error: line }
    for (const worker of [{ id: 'sender-7' }, {}]) {
      const { sender } = testSender([500], { logger, worker })
      await sender.endpoints.create({ url })
      await sender.send(run)
      await sender.deliverDue()
    }
    expect(workers).toEqual(['sender-7', `${hostname()}:${process.pid}`])
  })

  it('leave the caller’s object as it was', () => {
    const options = Object.freeze({ worker: Object.freeze({ concurrency: 5 }) })
    testSender([], options)
    expect(options).toEqual({ worker: { concurrency: 5 } })
  })

  it('name the package’s version in the user agent', () => {
    const manifest: { version: string } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    )
    expect(VERSION).toBe(manifest.version)
  })
})

describe('listeners', () => {
  it('that throw disturb nobody, and can be removed', async () => {
    const { sender } = testSender()
    const seen: string[] = []
    sender.on('delivery.succeeded', () => {
      throw new TypeError('a listener failed')
    })
    const off = sender.on('delivery.succeeded', (notice) => seen.push(notice.eventId))
    await sender.endpoints.create({ url })
    await sender.send({ ...run, id: 'first' })
    await sender.deliverDue()
    off()
    await sender.send({ ...run, id: 'second' })
    await sender.deliverDue()
    expect(seen).toEqual(['first'])
    expect((await sender.statistics()).succeeded).toBe(2)
  })

  it('are of events that exist', () => {
    const { sender } = testSender()
    const on: (name: never, listener: never) => void = sender.on
    for (const name of ['delivery.success', '__proto__', 'toString', undefined]) {
      expect(() => on(name as never, (() => {}) as never)).toThrow(/known: attempt, delivery/)
    }
    expect(() => on('attempt' as never, 'log' as never)).toThrow(TypeError)
  })

  it('may be added by a listener, or removed, while others are told', async () => {
    const { sender } = testSender()
    const seen: string[] = []
    const again = () => {
      off()
      seen.push('again')
      off = sender.on('delivery.succeeded', again)
    }
    let off = sender.on('delivery.succeeded', again)
    await sender.endpoints.create({ url })
    await sender.sendMany([run, run])
    await sender.deliverDue()
    expect(seen).toEqual(['again', 'again'])
  })

  it('that are added twice are removed one by one', async () => {
    const { sender } = testSender()
    let heard = 0
    const listener = () => {
      heard += 1
    }
    const off = sender.on('delivery.succeeded', listener)
    sender.on('delivery.succeeded', listener)
    await sender.endpoints.create({ url })
    await sender.send(run)
    await sender.deliverDue()
    expect(heard).toBe(2)
    off()
    off()
    await sender.send(run)
    await sender.deliverDue()
    expect(heard).toBe(3)
  })

  it('hear each attempt and what becomes of its delivery', async () => {
    const { clock, sender } = testSender([500, 410])
    const heard: string[] = []
    sender.on('attempt', ({ attempt }) =>
      heard.push(`attempt ${attempt.number}: ${attempt.status}`),
    )
    sender.on('delivery.retrying', ({ retryInMs }) => heard.push(`again in ${retryInMs}`))
    sender.on('delivery.failed', ({ reason }) => heard.push(reason))
    await sender.endpoints.create({ url })
    await sender.send(run)
    await sender.deliverDue()
    await clock.advance('5s')
    await sender.deliverDue()
    expect(heard).toEqual(['attempt 1: 500', 'again in 5000', 'attempt 2: 410', 'gone'])
  })
})
