import { postgresStore } from '@posthorn/postgres/sender'
import { createSender } from '@posthorn/sender'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { events } from '../lib/deliveries'
import { startSink } from '../lib/sink'
import { type Bed, open, silent, startBed } from './bed'
import { startHost } from './processes'

const options = {
  timeout: '1s',
  worker: { concurrency: 10, perEndpoint: 10, lease: '2s', pollInterval: '100ms' },
} as const

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.stop())

/** What a database says that cannot just now: deadlock, serialization, disk full (as the client shows it), the connection. */
const states = ['40P01', '40001', '53100', '08006'] as const

/**
 * A pool on which each kind of statement, told by what it calls or reads first, fails `times` times in a row: before it runs or, with `after`,
 * when it was committed.
 */
function failing(schema: string, state: string, times: number, after: boolean) {
  const failures = new Map<string, number>()
  const first = new RegExp(`\\b${schema}\\.(\\w+)`)
  return {
    failures,
    async query(text: string, values?: string[]) {
      const kind = first.exec(text)?.[1] ?? text
      const failed = failures.get(kind) ?? 0
      if (failed === times) return bed.pool.query(text, values)
      failures.set(kind, failed + 1)
      if (after) await bed.pool.query(text, values)
      throw Object.assign(new Error('injected'), { code: state })
    },
  }
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  for (let waits = 0; waits < 300 && !(await condition()); waits += 1)
    await new Promise((resolve) => setTimeout(resolve, 100))
}

describe('a worker whose database fails at every kind of call', () => {
  const cases = states.flatMap((state) => [
    { state, after: false },
    ...(state === '08006' ? [{ state, after: true }] : []),
  ])
  it.each(cases)(
    'with $state (after the commit: $after) loses nothing',
    async ({ state, after }) => {
      const sink = await startSink()
      const { schema, sender } = await bed.fresh(sink.url, 1, options)
      await sender.sendMany(events(10, 1).slice(0, 5))
      await bed.record(schema, events(10, 1).slice(5))
      const client = failing(schema, state, 8, after)
      const worker = createSender({
        ...{
          store: postgresStore({ client, schema }),
          logger: silent,
          network: { development: true },
        },
        ...options,
      })
      worker.start()
      await waitFor(async () => (await sender.statistics()).succeeded === 10)
      await worker.stop()
      const { succeeded, failed } = await sender.statistics()
      const failures = Object.fromEntries(client.failures)
      console.log({ state, after, failures, succeeded, requests: sink.received.length })
      expect({ succeeded, failed }).toEqual({ succeeded: 10, failed: 0 })
      expect(sink.received).toHaveLength(10)
      const kinds = Object.keys(failures)
      expect(kinds).toEqual(
        expect.arrayContaining(['claim_events', 'fan_out_events', 'find_lanes']),
      )
      expect(kinds.length, 'no claim or settlement failed').toBeGreaterThan(4)
      await sink.close()
    },
  )
})

describe('what an endpoint answers', () => {
  it.each([
    ['of a megabyte', Buffer.alloc(1_000_000, 'x')],
    ['with NULs and bytes that are no text', Buffer.from([0, 0xff, 0xfe, 0, 0xc0, 0x80])],
  ])('%s is recorded', async (_name, body) => {
    const sink = await startSink({ body })
    const { sender } = await bed.fresh(sink.url, 1, options)
    const { eventId } = await sender.send({ type: 'run.0', data: { text: 'a\u0000b' } })
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1 })
    const [delivery] = (await sender.deliveries.list({})).items
    expect(delivery).toMatchObject({ eventId, status: 'succeeded' })
    const [attempt] = await sender.deliveries.attempts(delivery?.id ?? '')
    expect(attempt).toMatchObject({ number: 1, outcome: 'success', status: 200 })
    await sink.close()
  })
})

describe('a worker', () => {
  it('that starts while nobody can reach the database waits for it, and a send says so meanwhile', async ({
    skip,
  }) => {
    const { own } = bed.server
    if (own === undefined) return skip('the server that DATABASE_URL names is not ours to stop')
    const sink = await startSink()
    const { schema, sender } = await bed.fresh(sink.url, 1, options)
    await sender.send({ type: 'run.0', data: {} })
    await own.crash()
    const worker = open(bed.pool, schema, options)
    worker.start()
    await expect(worker.send({ type: 'run.0', data: {} })).rejects.toMatchObject({
      code: 'store_busy',
    })
    await expect(worker.migrate()).rejects.toMatchObject({ code: 'store_busy' })
    await own.start()
    await sink.afterMore(1)
    await worker.stop()
    expect(await sender.statistics()).toMatchObject({ succeeded: 1 })
    await sink.close()
  })

  it('that gets SIGTERM settles what it has in flight and leaves no lease; another migrates while it serves', async () => {
    const sink = await startSink({ delayMs: () => 200 })
    const { schema, sender } = await bed.fresh(sink.url, 1, options)
    const worker = await startHost({ url: bed.url, schema, options })
    await sender.sendMany(events(60, 1))
    await sink.afterMore(10)
    await Promise.all([open(bed.pool, schema).migrate(), open(bed.pool, schema).migrate()])
    const report = await worker.stop()
    const { succeeded, delivering, pending } = await sender.statistics()
    expect({ succeeded, delivering }).toEqual({ succeeded: report?.succeeded, delivering: 0 })
    expect(sink.received).toHaveLength(succeeded)
    expect(succeeded + pending).toBe(60)
    expect(worker.child.exitCode).toBe(0)
    await sink.close()
  })
})
