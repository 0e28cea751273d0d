import { type PgClientLike, postgresStore } from '@posthorn/postgres/sender'
import { defineEvents } from '@posthorn/schema'
import { createSender } from '@posthorn/sender'
import { recordingTransport } from '@posthorn/sender/testing'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openPool } from '../../postgres/connections'
import { startDatabase } from '../../postgres/own-database'
import type { Server } from '../../postgres/server'
import { installLibraries, typeProblems } from './install'

interface Host {
  transaction(
    work: (inside: { tx: PgClientLike; write(id: string): Promise<unknown> }) => Promise<unknown>,
  ): Promise<unknown>
  end(): Promise<unknown>
}

installLibraries()
const path = './hosts.mjs'
const { hosts }: { hosts: Record<string, (url: string) => Host> } = await import(path)

const events = defineEvents({ 'run.completed': z.object({ id: z.string() }) })
const type = 'run.completed'

let server: Server
let pool: pg.Pool

beforeAll(async () => {
  server = await startDatabase()
  pool = openPool(server.url)
  await pool.query('CREATE TABLE run (id text PRIMARY KEY)')
}, 120_000)

afterAll(async () => {
  await pool?.end()
  await server?.stop()
})

function makeSender() {
  const transport = recordingTransport()
  const sender = createSender({
    events,
    store: postgresStore({ client: pool }),
    transport,
    // Only a wake-up explains a delivery that comes sooner.
    worker: { pollInterval: '30s' },
  })
  return { sender, transport }
}

const hostRows = async () => (await pool.query('SELECT id FROM run ORDER BY id')).rows

it('the types of the real libraries fit', () => {
  expect(typeProblems()).toBe('')
}, 120_000)

describe.each(Object.keys(hosts))('the transaction of %s', (name) => {
  let sender: ReturnType<typeof makeSender>['sender']
  let transport: ReturnType<typeof makeSender>['transport']
  let host: Host

  beforeAll(async () => {
    ;({ sender, transport } = makeSender())
    const open = hosts[name]
    if (open === undefined) throw new TypeError(name)
    host = open(server.url)
    await pool.query('DROP SCHEMA IF EXISTS posthorn CASCADE; TRUNCATE run')
  })

  afterAll(async () => {
    await sender?.stop()
    await host?.end()
  })

  it('without the tables fails with what is to be done, and shows no data', async () => {
    const sending = host.transaction(({ tx }) =>
      sender.send({ type, data: { id: 'hidden' } }, { tx }),
    )
    await expect(sending).rejects.toMatchObject({
      code: 'store_not_migrated',
      message: expect.not.stringContaining('hidden'),
    })
    await sender.migrate()
    await sender.endpoints.create({ url: 'https://example.com/webhooks' })
  })

  it('that commits has its event delivered, byte for byte', async () => {
    const id = `it's $1 ? ?? :name \\ "ü" 🦉 \\? \u2028`
    const sending = host.transaction(async ({ tx, write }) => {
      await write(id)
      const sent = await sender.send({ type, data: { id }, idempotencyKey: 'a' }, { tx })
      expect(sent.duplicate).toBe(false)
    })
    await sending
    await sender.deliverDue()
    expect(transport.requests.map(({ text }) => JSON.parse(text).data)).toEqual([{ id }])
    expect(await hostRows()).toEqual([{ id }])
    await host.transaction(async ({ tx }) => {
      const again = await sender.send({ type, data: { id }, idempotencyKey: 'a' }, { tx })
      expect(again.duplicate).toBe(true)
    })
  })

  it('that rolls back leaves no event, and is never sent', async () => {
    const before = transport.requests.length
    const failing = host.transaction(async ({ tx, write }) => {
      await write('rolled back')
      await sender.send({ type, id: 'rolled_back', data: { id: 'r' } }, { tx })
      throw new RangeError('no')
    })
    await expect(failing).rejects.toThrow('no')
    await sender.deliverDue()
    expect(transport.requests.length).toBe(before)
    expect(await hostRows()).not.toContainEqual({ id: 'rolled back' })
    expect((await sender.events.list()).items.map((event) => event.id)).not.toContain('rolled_back')
  })

  it('stays usable when an event is refused, as nothing was asked of it', async () => {
    const send: (event: never, options: { tx: PgClientLike }) => Promise<unknown> = sender.send
    await host.transaction(async ({ tx, write }) => {
      const wrong = { type, data: { id: 5 } } as never
      await expect(send(wrong, { tx })).rejects.toMatchObject({ code: 'invalid_data' })
      await write('after a refusal')
    })
    expect(await hostRows()).toContainEqual({ id: 'after a refusal' })
  })

  it('is delivered about as soon as what is sent directly, with wake() after the commit', async () => {
    sender.start()
    await sender.deliverDue()
    const direct: number[] = []
    const transactional: number[] = []
    for (let index = 0; index < 20; index += 1) {
      direct.push(await timed(transport, () => sender.send({ type, data: { id: `d${index}` } })))
      transactional.push(
        await timed(transport, async () => {
          await host.transaction(({ tx }) =>
            sender.send({ type, data: { id: `t${index}` } }, { tx }),
          )
          sender.wake()
        }),
      )
    }
    console.info(
      `${name}: send to request, median ms: direct ${median(direct)}, in a transaction ${median(transactional)}`,
    )
    expect(median(transactional)).toBeLessThan(median(direct) * 3 + 20)
  })
})

/** Milliseconds until the next request goes out. */
async function timed(
  transport: ReturnType<typeof recordingTransport>,
  work: () => Promise<unknown>,
): Promise<number> {
  const count = transport.requests.length
  const from = performance.now()
  await work()
  while (transport.requests.length === count) await new Promise((resolve) => setTimeout(resolve, 1))
  return performance.now() - from
}

const median = (values: readonly number[]): number =>
  Math.round((values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0) * 10) / 10
