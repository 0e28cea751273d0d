import { describe, expect, it } from 'vitest'
import type { EndpointRecord, Health } from '../model/endpoint'
import type { EndpointTransition } from '../ports/endpoint-store'
import { transitioned } from './transition'

const now = 1_000
const failing = { state: 'failing', since: 400 } as const
const healthy = { state: 'healthy' } as const

function endpoint(fields: Partial<EndpointRecord> = {}): EndpointRecord {
  return {
    tenantId: 'acme',
    id: 'ep_1',
    seq: 1,
    revision: 3,
    url: 'https://example.com/a',
    eventTypes: ['run.*'],
    status: 'enabled',
    health: healthy,
    headers: {},
    secrets: [],
    metadata: {},
    createdAt: 0,
    updatedAt: 0,
    ...fields,
  }
}

function after(record: EndpointRecord, change: Omit<EndpointTransition, 'tenantId' | 'id'>) {
  return transitioned(record, { tenantId: 'acme', id: 'ep_1', ...change }, now)
}

const toFailing = { from: 'healthy', to: 'failing' } as const
const toHealthy = { from: 'failing', to: 'healthy' } as const
const away = 'https://example.com/b'

describe('transitioned', () => {
  const turning: readonly [string, Health, EndpointTransition['health'], Health | undefined][] = [
    ['begins to fail now', healthy, toFailing, { state: 'failing', since: now }],
    ['recovers, and loses its probe', { ...failing, probeAt: 2_000 }, toHealthy, healthy],
    ['keeps since when it has been failing', failing, toFailing, undefined],
    ['is healthy already', healthy, toHealthy, undefined],
    ['stays as it is', failing, { from: 'failing', to: 'failing' }, undefined],
  ]
  it.each(turning)('health: %s', (_, before, health, expected) => {
    const record = endpoint({ health: before })
    const result = after(record, { ...(health && { health }) })
    expect(result.turned).toBe(expected !== undefined)
    expect(result.record.health).toEqual(expected ?? before)
    if (expected === undefined) expect(result.record).toBe(record)
  })

  it('disables once, with the first reason', () => {
    const { record, turned } = after(endpoint({ status: 'paused' }), { disable: 'gone' })
    expect(turned).toBe(true)
    expect(record).toMatchObject({ status: 'disabled', disabledReason: 'gone' })
    expect(after(record, { disable: 'failing' })).toEqual({ record, turned: false })
  })

  it('throttles and probes later, never earlier, and that is no turn', () => {
    const record = endpoint({ health: { ...failing, probeAt: 1_500 }, throttledUntil: 1_500 })
    const later = after(record, { throttleForMs: 501, probeInMs: 502 })
    expect(later.turned).toBe(false)
    expect(later.record).toMatchObject({ throttledUntil: 1_501, health: { probeAt: 1_502 } })
    expect(after(record, { throttleForMs: 500, probeInMs: 500 }).record).toBe(record)
  })

  it('probes only what is failing, the change itself counted', () => {
    expect(after(endpoint(), { probeInMs: 10 }).record.health).toEqual(healthy)
    const begun = after(endpoint(), { health: toFailing, probeInMs: 10 })
    expect(begun.record.health).toEqual({ state: 'failing', since: now, probeAt: 1_010 })
    const ended = after(endpoint({ health: failing }), { health: toHealthy, probeInMs: 10 })
    expect(ended.record.health).toEqual(healthy)
  })

  it.each([
    ['failing since then', failing, { failingSince: 400 }, true],
    ['failing since another time', failing, { failingSince: 401 }, false],
    ['healthy by now', healthy, { failingSince: 400 }, false],
    ['at that URL', healthy, { url: 'https://example.com/a' }, true],
    ['moved', healthy, { url: away }, false],
    ['moved, failing since then', failing, { failingSince: 400, url: away }, false],
  ])('only if it still is what was judged: %s', (_, health, onlyIf, holds) => {
    const record = endpoint({ health })
    const change = { onlyIf, disable: 'failing', throttleForMs: 5, probeInMs: 5 } as const
    const result = after(record, change)
    expect(result.turned).toBe(holds)
    expect(result.record === record).toBe(!holds)
  })
})
