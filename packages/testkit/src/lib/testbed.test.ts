import { defineEvents } from '@posthorn/schema'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createTestbed } from './testbed'

const events = defineEvents({ 'run.completed': z.object({ runId: z.string() }) })
const run = { type: 'run.completed', data: { runId: 'r1' } } as const

async function bedWithHandler() {
  const bed = await createTestbed({ events })
  const handled: string[] = []
  bed.receiver.on('run.completed', (event) => {
    handled.push(event.data.runId)
  })
  return { bed, handled }
}

const minute = 60_000
const hour = 60 * minute

describe('a testbed', () => {
  it('brings an event from send to its typed handler', async () => {
    const { bed, handled } = await bedWithHandler()
    await bed.sender.send(run)
    await bed.deliver()
    expect(handled).toEqual(['r1'])
    expect(bed.exchanges).toMatchObject([{ outcome: { kind: 'response', status: 200 } }])
  })

  it('passes days of retries in no time', async () => {
    const { bed, handled } = await bedWithHandler()
    bed.faults.fail(9, 500)
    const began = bed.clock.now()
    await bed.sender.send(run)
    await bed.settle()
    expect(handled).toEqual(['r1'])
    expect(bed.exchanges).toHaveLength(10)
    expect(bed.clock.now() - began).toBe(75 * hour + 35 * minute + 5_000)
  })

  it('handles once what arrives twice', async () => {
    const { bed, handled } = await bedWithHandler()
    bed.faults.loseAnswer()
    await bed.sender.send(run)
    await bed.settle()
    expect(handled).toEqual(['r1'])
    expect(bed.exchanges.map((exchange) => exchange.result?.headers['webhook-duplicate'])).toEqual([
      undefined,
      'true',
    ])
  })

  it('hangs until the deadline, in fake time', async () => {
    const { bed, handled } = await bedWithHandler()
    const began = bed.clock.now()
    bed.faults.hang()
    await bed.sender.send(run)
    await bed.deliver()
    expect(bed.exchanges[0]?.outcome).toMatchObject({
      kind: 'error',
      errorClass: 'timeout',
      durationMs: 15_000,
    })
    expect(bed.clock.now() - began).toBe(15_000)
    await bed.advance('5s')
    expect(handled).toEqual(['r1'])
  })

  it('is slow, truncates, resets, throttles and goes', async () => {
    const { bed } = await bedWithHandler()
    bed.faults.slow('3s').truncate().reset().tooManyRequests('2m').gone()
    const began = bed.clock.now()
    await bed.sender.send(run)
    await bed.deliver()
    expect(bed.clock.now() - began).toBe(3_000)
    await bed.sender.send(run)
    await bed.deliver()
    expect(bed.exchanges[1]).toMatchObject({ outcome: { status: 200, bodyError: 'ECONNRESET' } })
    await bed.sender.send(run)
    await bed.settle()
    expect(
      bed.exchanges
        .slice(2)
        .map(({ outcome }) => (outcome.kind === 'response' ? outcome.status : outcome.code)),
    ).toEqual(['ECONNRESET', 429, 410])
    expect(await bed.sender.endpoints.get(bed.endpoint.id)).toMatchObject({ status: 'disabled' })
  })

  it('forgets faults that are cleared', async () => {
    const { bed, handled } = await bedWithHandler()
    bed.faults.fail(3).clear()
    await bed.sender.send(run)
    await bed.deliver()
    expect(handled).toEqual(['r1'])
  })

  it('uses the options it is given', async () => {
    const bed = await createTestbed({
      eventTypes: ['job.*'],
      sender: { retry: { schedule: ['0s'] } },
      receiver: { idempotency: 'none' },
    })
    expect((await bed.sender.send({ type: 'run.completed', data: 1 })).deliveries).toBe(0)
    bed.faults.fail()
    await bed.sender.send({ type: 'job.done', data: 1 })
    await bed.settle()
    expect((await bed.sender.deliveries.list()).items).toMatchObject([
      { status: 'failed', reason: 'exhausted' },
    ])
  })
})
