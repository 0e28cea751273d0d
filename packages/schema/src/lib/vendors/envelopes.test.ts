import { describe, expect, expectTypeOf, it } from 'vitest'
import type { EventTypeOf } from '../catalogue/types'
import { aetherflow } from './aetherflow'
import { b3os } from './b3os'
import { github } from './github'
import { honeyframe } from './honeyframe'
import { shopify } from './shopify'
import { slack } from './slack'
import { stripe } from './stripe'
import { vendors } from './vendors.samples'

const timestamp = '2026-01-31T12:00:00.000Z'
const seconds = Date.parse(timestamp) / 1_000
const hints = { id: `sha256-${'a'.repeat(64)}`, type: 'push', timestamp: '2026-02-01T00:00:00Z' }
const common = { timestamp, version: 1 }

describe('what is sent', () => {
  it.each(vendors)('%s: comes back as the event it was', (_name, { envelope }) => {
    const type = 'run.completed'
    const event = { id: 'evt_1', type, timestamp, version: 1, data: { runId: 'r' } }
    const json = JSON.parse(JSON.stringify(envelope.encode(event)))
    const result = envelope.decode(json, { id: 'evt_1', type, timestamp })
    expect(result).toMatchObject({ ok: true, event })
  })

  it.each([
    ['aetherflow', aetherflow],
    ['b3os', b3os],
    ['honeyframe', honeyframe],
  ])('%s: carries a version beyond the first', (_name, { envelope }) => {
    const event = { id: 'evt_1', type: 'a.b', timestamp, version: 3, data: 1 }
    expect(envelope.decode(envelope.encode(event))).toEqual({ ok: true, event })
  })

  it('stripe: is an Event object', () => {
    const data = { livemode: true, data: { object: { id: 'ch_1' } } }
    const event = { id: 'evt_1', type: 'charge.failed', ...common, data }
    const fields = { id: 'evt_1', object: 'event', created: seconds, type: 'charge.failed' }
    expect(stripe.envelope.encode(event)).toEqual({ ...data, ...fields })
    expect(stripe.envelope.encode({ ...event, data: [1] })).toEqual(fields)
  })

  it('slack: is an event_callback', () => {
    const data = { team_id: 'T1', event: { type: 'old', text: 'hi' } }
    const event = { id: 'Ev1', type: 'app_mention', ...common, data }
    const fields = { type: 'event_callback', event_id: 'Ev1', event_time: seconds }
    expect(slack.envelope.encode(event)).toEqual({
      ...fields,
      team_id: 'T1',
      event: { type: 'app_mention', text: 'hi' },
    })
    expect(slack.envelope.encode({ ...event, data: null })).toEqual({
      ...fields,
      event: { type: 'app_mention' },
    })
  })

  it('aetherflow: event, id, timestamp, data', () => {
    const event = { id: 'evt_1', type: 'user.joined', ...common, data: { a: 1 } }
    const body = '{"event":"user.joined","id":"evt_1","timestamp":"2026-01-31T12:00:00.000Z"'
    expect(JSON.stringify(aetherflow.envelope.encode(event))).toBe(`${body},"data":{"a":1}}`)
  })

  it('github, shopify: is the data alone', () => {
    const event = { id: 'x', type: 'push', ...common, data: { ref: 'main' } }
    expect(github.envelope.encode(event)).toEqual({ ref: 'main' })
    expect(shopify.envelope.encode(event)).toEqual({ ref: 'main' })
  })
})

describe('what vendors send', () => {
  it('stripe: the whole Event object is the data', () => {
    const json = { id: 'evt_1', object: 'event', created: seconds, type: 'charge.failed', data: {} }
    const event = { id: 'evt_1', type: 'charge.failed', ...common, data: json }
    expect(stripe.envelope.decode(json)).toEqual({ ok: true, event })
  })

  it('slack: the whole callback is the data', () => {
    const inner = { type: 'app_mention', text: 'hi' }
    const json = { event_id: 'Ev1', event_time: seconds, type: 'event_callback', event: inner }
    const event = { id: 'Ev1', type: 'app_mention', ...common, data: json }
    expect(slack.envelope.decode(json)).toEqual({ ok: true, event })
  })

  it('github: id, type and time come from outside the body', () => {
    const json = { ref: 'main', id: 'no', type: 'no' }
    const event = { ...hints, version: 1, data: json }
    expect(github.envelope.decode(json, hints)).toEqual({ ok: true, event })
    expect(github.envelope.decode(json, { ...hints, type: '' })).toMatchObject({ ok: false })
  })

  it.each([
    ['its id', { id: 'a', runId: 'r' }, 'a'],
    ['its event id', { eventId: 'a', runId: 'r' }, 'a'],
    ['the run', { runId: 'r' }, 'r_run_failed'],
    ['the run in data', { data: { runId: 'r' } }, 'r_run_failed'],
    ['the signed bytes', {}, hints.id],
    ['the signed bytes: not an execution, which a run has many of', { executionId: 'e' }, hints.id],
    ['the signed bytes: a run id that cannot be part of an id', { runId: 'a.b' }, hints.id],
    ['the signed bytes: an empty run id', { runId: '' }, hints.id],
  ])('b3os: the id of a run’s event is %s', (_what, fields, id) => {
    const json = { type: 'run.failed', ...fields }
    const result = b3os.envelope.decode(json, hints)
    expect(result).toMatchObject({ ok: true, event: { id, timestamp: hints.timestamp } })
  })

  it('b3os: the id of a node’s event is of its execution, not of the run it shares', () => {
    const json = { event: 'node.failed', runId: 'r', executionId: 'e' }
    const result = b3os.envelope.decode(json, hints)
    expect(result).toMatchObject({ ok: true, event: { id: 'e_node_failed', data: json } })
  })

  it.each([
    ['run.succeeded', 'run.completed'],
    ['node.completed', 'node.succeeded'],
    ['run.cancelled', 'run.cancelled'],
    ['run.invented', 'run.invented'],
  ])('b3os: %s arrives as %s', (named, type) => {
    const result = b3os.envelope.decode({ type: named, runId: 'r' }, hints)
    expect(result).toMatchObject({ ok: true, event: { type } })
  })

  it('b3os, aetherflow: a version that is no number is the vendor’s own', () => {
    const json = { id: 'a', type: 'a', event: 'a', timestamp, version: '2026-01', data: {} }
    for (const { envelope } of [b3os, aetherflow]) {
      expect(envelope.decode(json)).toMatchObject({ ok: true, event: { version: 1 } })
    }
  })

  const junk: readonly unknown[] = [null, true, 7, 'text', [], [1]]
  const halves = [{}, { id: 5, type: 5, event: 5, event_id: 5 }, { created: 'now' }]
  const times = [Number.NaN, -1, 1e15].map((created) => ({ id: 'a', type: 'a', created }))

  it.each(vendors)('%s: refuses what it cannot read, with reasons', (_name, { envelope }) => {
    for (const json of [...junk, ...halves, ...times]) {
      const result = envelope.decode(json)
      expect(result, JSON.stringify(json)).toMatchObject({ ok: false })
      if (!result.ok) expect(result.issues.length).toBeGreaterThan(0)
    }
  })

  it.each(vendors)('%s: takes no field of a polluted prototype', (_name, { envelope }) => {
    const whole = { id: 'a', type: 'a', event: 'a', timestamp, data: 1, created: 1, event_id: 'a' }
    expect(envelope.decode(Object.create(whole))).toMatchObject({ ok: false })
  })
})

describe('catalogues', () => {
  const catalogues = vendors.flatMap(([name, { events }]) => (events ? [[name, events]] : []))

  it.each(catalogues as [string, NonNullable<(typeof vendors)[number][1]['events']>][])(
    '%s: each type has an example that it accepts, and survives fields more',
    async (_name, events) => {
      expect(events.types.length).toBeGreaterThan(3)
      for (const type of events.types) {
        const example = events.definition(type)?.example
        expect(example).toBeTypeOf('object')
        const more = { ...(example as object), added: [1] }
        expect(await events.decode(type, more)).toEqual({ ok: true, value: more })
      }
    },
  )

  it('b3os: survives fields that are missing', async () => {
    for (const type of b3os.events.types) {
      expect(await b3os.events.decode(type, {})).toEqual({ ok: true, value: {} })
    }
  })

  it('aetherflow: has the twelve types, and typed data of two', async () => {
    expect(aetherflow.events.types).toHaveLength(12)
    expect(await aetherflow.events.decode('workflow.failed', {})).toMatchObject({ ok: false })
    expectTypeOf<'workflow.failed'>().toExtend<EventTypeOf<typeof aetherflow.events>>()
    expectTypeOf<'workflow.invented'>().not.toExtend<EventTypeOf<typeof aetherflow.events>>()
  })
})
