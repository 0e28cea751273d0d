import { defineEvents } from '@posthorn/schema'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSender } from '../create-sender'
import type { SenderStore } from '../ports/store'
import { memoryStore } from '../stores/memory/memory-store'
import { run, url } from '../test-sender'
import { fakeClock } from '../testing/fake-clock'
import { recordingTransport } from '../testing/recording-transport'

const events = defineEvents({ 'run.completed': z.object({ runId: z.number() }) })

/** Events are recorded by a sender without a catalogue, and matched by one that has one. */
async function matched(unchecked: boolean, maxPayloadBytes = 1_000) {
  const store = memoryStore()
  const [clock, transport] = [fakeClock(), recordingTransport()]
  const recorder = createSender({ store, clock, transport })
  await recorder.endpoints.create({ url })
  const [{ eventId } = { eventId: '' }] = recorder.enqueue(await recorder.prepare(run))
  const worker = createSender({
    events,
    store: claimedAs(store, unchecked),
    clock,
    transport,
    maxPayloadBytes,
  })
  await worker.deliverDue()
  return { event: await recorder.events.get(eventId), requests: transport.requests }
}

function claimedAs(store: SenderStore, unchecked: boolean): SenderStore {
  const claimEvents: SenderStore['deliveries']['claimEvents'] = async (request) => {
    const claim = await store.deliveries.claimEvents(request)
    return { ...claim, events: claim.events.map((event) => ({ ...event, unchecked })) }
  }
  return { ...store, deliveries: { ...store.deliveries, claimEvents } }
}

describe('a recorded event', () => {
  it('that nobody checked is held against the catalogue, and kept as invalid', async () => {
    const { event, requests } = await matched(true)
    expect(event).toMatchObject({ state: 'invalid', issues: [{ path: expect.any(String) }] })
    expect(requests).toEqual([])
  })

  it('that nobody checked may be too large', async () => {
    const { event } = await matched(true, 100)
    expect(event).toMatchObject({
      issues: [{ message: 'has more than the 100 bytes that are sent' }],
    })
  })

  it('that was prepared is sent as it was accepted, whatever the worker’s catalogue says', async () => {
    const { event, requests } = await matched(false)
    expect(event).toMatchObject({ state: 'fanned_out' })
    expect(requests).toHaveLength(1)
  })
})
