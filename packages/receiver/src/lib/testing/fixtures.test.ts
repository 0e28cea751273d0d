import { readFileSync } from 'node:fs'
import { type AnyCatalogue, defineEvents } from '@posthorn/schema'
import { aetherflow } from '@posthorn/schema/vendors/aetherflow'
import { b3os } from '@posthorn/schema/vendors/b3os'
import { honeyframe } from '@posthorn/schema/vendors/honeyframe'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { createReceiver } from '../receiver'
import { memoryIdempotency } from '../stores/memory'
import { events } from '../test-support'
import { deliver } from './deliver'
import { fixturesOf } from './fixtures'

describe('fixturesOf', () => {
  it('makes an event of each type, the same each time', () => {
    const fixtures = fixturesOf(events)
    expect(Object.keys(fixtures)).toEqual(['run.completed', 'run.failed'])
    expect(fixtures['run.failed']).toEqual({
      id: 'evt_run_failed',
      type: 'run.failed',
      timestamp: '2026-01-01T00:00:00.000Z',
      version: 2,
      data: { runId: 'r2', attempts: 3 },
    })
    expect(fixturesOf(events)).toEqual(fixtures)
    expectTypeOf(fixtures['run.failed'].data).toEqualTypeOf<{ runId: string; attempts: number }>()
    // @ts-expect-error: no such type
    expect(fixtures['run.lost']).toBeUndefined()
  })

  it('names the type that has no example', () => {
    expect(() => fixturesOf(defineEvents({ bare: z.object({}) }))).toThrow(/'bare' has no example/)
  })
})

describe.each([
  ['b3os', b3os],
  ['aetherflow', aetherflow],
  ['honeyframe', honeyframe],
] as const)('the fixtures of %s', (name, vendor) => {
  const catalogue: AnyCatalogue = vendor.events

  /** `npx vitest run packages/receiver/src/lib/testing/fixtures.test.ts -u` writes them anew. */
  it('are those of its catalogue', async () => {
    const text = `${JSON.stringify(fixturesOf(catalogue), null, 2)}\n`
    await expect(text).toMatchFileSnapshot(`../../../fixtures/${name}.json`)
  })

  it('are handled by a receiver, signed and laid out as the vendor does', async () => {
    const { scheme, envelope } = vendor
    const secret = 'a vendor’s secret'
    const idempotency = { store: memoryIdempotency(), source: name }
    const receiver = createReceiver({
      events: catalogue,
      secrets: secret,
      idempotency,
      scheme,
      envelope,
    })
    const handled: string[] = []
    receiver.onAny(({ type }) => void handled.push(type))
    const path = new URL(`../../../fixtures/${name}.json`, import.meta.url)
    const fixtures: Record<string, ReturnType<typeof fixturesOf>[string]> = JSON.parse(
      readFileSync(path, 'utf8'),
    )
    for (const event of Object.values(fixtures)) {
      const response = await deliver(receiver, event, { secret, scheme, envelope })
      expect(response.status, event.type).toBe(200)
    }
    expect(handled).toEqual(catalogue.types)
  })
})
