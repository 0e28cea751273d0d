import { describe, expect, it } from 'vitest'
import type { DeliveryRecord, DeliveryState } from './delivery'
import { type RecoverySelection, selectForRecovery } from './recovery'

const states = {
  pending: { status: 'pending', dueAt: 1 },
  delivering: { status: 'delivering', leasedUntil: 1 },
  succeeded: { status: 'succeeded', finishedAt: 1 },
  failed: { status: 'failed', reason: 'exhausted', finishedAt: 1 },
  disabled: { status: 'skipped', reason: 'disabled', finishedAt: 1 },
  filtered: { status: 'skipped', reason: 'filtered', finishedAt: 1 },
  canceled: { status: 'canceled', finishedAt: 1 },
} as const satisfies Record<string, DeliveryState>

type Name = keyof typeof states

function delivery(name: Name): DeliveryRecord {
  return {
    tenantId: 'default',
    id: 'dlv_1',
    eventId: 'evt_1',
    endpointId: 'ep_1',
    eventType: 'run.completed',
    messageId: 'evt_1',
    state: states[name],
    progress: { attempt: 1, lost: 0, soloLost: 0, deferred: 0 },
    createdAt: 0,
  }
}

const select = (only: RecoverySelection, names: readonly Name[], matches: boolean) =>
  selectForRecovery(only, names.map(delivery), matches)

describe('selectForRecovery', () => {
  it.each(['failed', 'missing', 'all'] as const)('%s leaves alone what is under way', (only) => {
    expect(select(only, ['failed', 'pending'], true)).toBe(false)
    expect(select(only, ['failed', 'delivering'], true)).toBe(false)
    expect(select(only, ['disabled', 'pending'], true)).toBe(false)
    expect(select(only, ['delivering', 'failed'], true)).toBe(false)
  })

  it.each([
    [[], false],
    [['failed'], true],
    [['succeeded'], false],
    [['disabled'], false],
    [['canceled'], false],
    [['succeeded', 'failed'], true],
    [['failed', 'succeeded'], false],
    [['failed', 'disabled'], true],
    [['failed', 'filtered'], true],
    [['failed', 'canceled'], true],
    [['failed', 'succeeded', 'canceled'], false],
  ] as const satisfies [readonly Name[], boolean][])('failed after %j: %s', (names, expected) => {
    expect(select('failed', names, true)).toBe(expected)
    expect(select('failed', names, false)).toBe(expected)
  })

  it.each([
    [[], true],
    [['disabled'], true],
    [['disabled', 'filtered'], true],
    [['disabled', 'failed'], false],
    [['succeeded'], false],
    [['failed'], false],
    [['canceled'], false],
    [['disabled', 'canceled'], false],
  ] as const satisfies [readonly Name[], boolean][])('missing after %j: %s', (names, expected) => {
    expect(select('missing', names, true)).toBe(expected)
    expect(select('missing', names, false)).toBe(false)
  })

  it('all is what matches today, and what was there before', () => {
    expect(select('all', [], true)).toBe(true)
    expect(select('all', [], false)).toBe(false)
    expect(select('all', ['succeeded'], false)).toBe(true)
    expect(select('all', ['succeeded'], true)).toBe(true)
  })
})
