import { readFileSync } from 'node:fs'
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
