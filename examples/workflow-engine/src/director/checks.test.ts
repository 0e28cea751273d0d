import type { Delivery } from '@posthorn/sender'
import { describe, expect, it } from 'vitest'
import { check, type Deeds } from './checks'
import type { Counts } from './counts'

const deeds: Deeds = {
  runsOrdered: 1,
  replaysAsSame: 1,
  replaysAsNew: 1,
  forgery: {
    repeated: { status: 200, code: 'duplicate' },
    tampered: { status: 401, code: 'signature_mismatch' },
  },
}

function delivery(eventId: string, status: Delivery['status'] = 'succeeded'): Delivery {
  return {
    id: `dlv_${eventId}`,
    tenantId: 'default',
    eventId,
    endpointId: 'ep_1',
    type: 'run.started',
    messageId: eventId,
    status,
    attempts: 1,
    createdAt: new Date(0),
  }
}

/** Two events, one replayed as the same and as a new message; one attempt cut off by the kill, which had arrived. */
const right: Counts = {
  runs: [{ id: 'order-1', status: 'running', transitions: 2 }],
  seenRuns: new Map([['order-1', 'running']]),
  events: [
    { id: 'a', transition: 'order-1  run.started' },
    { id: 'b', transition: 'order-1 received node.pending' },
  ],
  deliveries: [delivery('a'), delivery('b'), delivery('a'), delivery('a')],
  attempts: { begun: 6, succeeded: 4, failed: 1, timedOut: 0, cutOff: 1 },
  handled: ['a', 'b', 'a-r1'],
  outcomes: { handled: 3, duplicate: 3, unknown_type: 0, refused: { signature_mismatch: 1 } },
}

const failed = (counts: Partial<Counts>) =>
  check({ ...right, ...counts }, deeds)
    .filter(({ ok }) => !ok)
    .map(({ what }) => what)

describe('checks', () => {
  it('hold when all adds up', () => {
    expect(failed({})).toEqual([])
  })

  it.each<[string, Partial<Counts>]>([
    ['events not handled', { handled: ['b', 'b-r1', 'a-r1'] }],
    ['messages handled twice', { handled: ['a', 'a', 'b'] }],
    ['runs = runs ordered', { runs: [] }],
    [
      'transitions told twice',
      { events: right.events.map((event) => ({ ...event, transition: 'x' })) },
    ],
    ['the host', { runs: [{ id: 'order-1', status: 'running', transitions: 3 }] }],
    ['deliveries = events', { deliveries: right.deliveries.slice(1) }],
    [
      'deliveries succeeded',
      { deliveries: [...right.deliveries.slice(1), delivery('b', 'failed')] },
    ],
    ['handled = events', { handled: ['a', 'b'] }],
    ['answered as handled', { outcomes: { ...right.outcomes, handled: 4 } }],
    ['arrived without', { attempts: { ...right.attempts, cutOff: 0 } }],
    ['runs the application', { seenRuns: new Map([['order-1', 'waiting']]) }],
    ['refused for', { outcomes: { ...right.outcomes, refused: {} } }],
  ])('notice what is wrong: %s', (what, counts) => {
    expect(failed(counts)).toContainEqual(expect.stringContaining(what))
  })

  it('notice a repeated message that was handled, and a tampered one that was taken', () => {
    const forgery = {
      repeated: { status: 200, code: 'handled' },
      tampered: { status: 200, code: 'handled' },
    }
    const wrong = check(right, { ...deeds, forgery }).filter(({ ok }) => !ok)
    expect(wrong).toHaveLength(2)
  })
})
