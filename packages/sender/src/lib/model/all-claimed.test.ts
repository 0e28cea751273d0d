import { describe, expect, it } from 'vitest'
import { areAllClaimed } from './all-claimed'
import type { NewEvent } from './event'

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

const claimed = (deliveryId: string) => ({
  lease: { tenantId: 'acme', deliveryId, attempt: 1, token: '1.1' },
})

describe('whether others are told of what was sent', () => {
  it('not when this process has all of it', () => {
    const deliveries = [delivery('dlv_1', 'pending'), delivery('dlv_2', 'skipped')]
    expect(areAllClaimed([event({ deliveries, bodies: [] })], [claimed('dlv_1')])).toBe(true)
  })

  it('when a delivery is left over', () => {
    const deliveries = [delivery('dlv_1', 'pending'), delivery('dlv_2', 'pending')]
    expect(areAllClaimed([event({ deliveries, bodies: [] })], [claimed('dlv_1')])).toBe(false)
  })

  it('when an event is to be matched yet', () => {
    expect(areAllClaimed([event()], [claimed('dlv_1')])).toBe(false)
  })
})
