import type { ClaimedDelivery, NewEvent } from '@posthorn/sender'
import { describe, expect, it } from 'vitest'
import { isAllClaimed } from './hand-over'

const event = (fanOut?: NewEvent['fanOut']): NewEvent => ({
  tenantId: 'acme',
  id: 'evt_1',
  type: 'run.completed',
  version: 1,
  timestamp: 0,
  body: new Uint8Array(),
  metadata: {},
  ...(fanOut && { fanOut }),
})

const delivery = (id: string, state: 'pending' | 'skipped') => ({
  id,
  endpointId: 'ep_1',
  state:
    state === 'pending'
      ? ({ status: state } as const)
      : ({ status: state, reason: 'disabled' } as const),
})

const claimOf = (...ids: string[]) => ({
  now: 0,
  suspects: false,
  deliveries: ids.map(
    (deliveryId): ClaimedDelivery => ({
      lease: { tenantId: 'acme', deliveryId, attempt: 1, token: '1.1' },
      eventId: 'evt_1',
      eventType: 'run.completed',
      messageId: 'evt_1',
      progress: { attempt: 1, lost: 0, soloLost: 0, deferred: 0 },
      createdAt: 0,
      metadata: {},
      body: undefined,
      endpoint: {
        tenantId: 'acme',
        id: 'ep_1',
        seq: 1,
        revision: 1,
        createdAt: 0,
        updatedAt: 0,
        url: 'https://example.com',
        eventTypes: ['*'],
        status: 'enabled',
        health: { state: 'healthy' },
        headers: {},
        secrets: [],
        metadata: {},
      },
    }),
  ),
})

describe('whether others are told of what was sent', () => {
  it('not when this process has all of it', () => {
    const deliveries = [delivery('dlv_1', 'pending'), delivery('dlv_2', 'skipped')]
    expect(isAllClaimed([event({ deliveries, bodies: [] })], claimOf('dlv_1'))).toBe(true)
  })

  it('when a delivery is left over', () => {
    const deliveries = [delivery('dlv_1', 'pending'), delivery('dlv_2', 'pending')]
    expect(isAllClaimed([event({ deliveries, bodies: [] })], claimOf('dlv_1'))).toBe(false)
  })

  it('when an event is to be matched yet', () => {
    expect(isAllClaimed([event()], claimOf('dlv_1'))).toBe(false)
  })
})
