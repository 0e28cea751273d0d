import { describe, expect, it } from 'vitest'
import { events, type LifecycleInput } from '../events'
import { lifecycleEvents } from './synthetic-events'

describe('synthetic events', () => {
  it('are as many as asked for, valid, and spread over runs', async () => {
    const made: LifecycleInput[] = []
    for await (const event of lifecycleEvents(120)) made.push(event)
    expect(made).toHaveLength(120)
    expect(new Set(made.map(({ data }) => data.runId))).toEqual(
      new Set(['order-1', 'order-2', 'order-3']),
    )
    for (const { type, data } of made) {
      expect(await events.validate(type, data)).toMatchObject({ ok: true })
    }
  })
})
