import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import type { WebhookEvent } from '../event'
import type { StandardSchema } from '../standard-schema'
import { defineEvents } from './define'
import type { AnyCatalogue, EventInput, EventOf, EventTypeOf } from './types'

const v1 = z.object({ runId: z.string() })
const v2 = z.object({ runId: z.string(), attempts: z.number().default(3) })

const events = defineEvents({
  'run.completed': z.object({ runId: z.string(), ms: z.number().optional() }),
  'run.started': { schema: z.object({ at: z.string().transform(Number) }), example: { at: '5' } },
  'run.failed': {
    versions: { 1: v1, 2: v2 },
    upcast: {
      1: (data) => {
        expectTypeOf(data).toEqualTypeOf<{ runId: string }>()
        return { ...data, attempts: 1 }
      },
    },
    description: 'A run failed.',
    example: { runId: 'r' },
  },
})

type Events = typeof events

declare const other: StandardSchema<string, Date>

// Checked by tsc; at run time there is nothing to see.
describe('types of a catalogue', () => {
  it('names its types', () => {
    expectTypeOf<EventTypeOf<Events>>().toEqualTypeOf<
      'run.completed' | 'run.started' | 'run.failed'
    >()
    expectTypeOf<EventTypeOf<AnyCatalogue>>().toEqualTypeOf<string>()
  })

  it('gives handlers the output of the latest version', () => {
    expectTypeOf<EventOf<Events, 'run.failed'>>().toEqualTypeOf<
      WebhookEvent<'run.failed', { runId: string; attempts: number }>
    >()
    expectTypeOf<EventOf<Events, 'run.started'>['data']>().toEqualTypeOf<{ at: number }>()
    expectTypeOf<EventOf<AnyCatalogue>>().toEqualTypeOf<WebhookEvent<string, unknown>>()
  })

  it('narrows the union by type', () => {
    const handle = (event: EventOf<Events>) => {
      if (event.type === 'run.started') expectTypeOf(event.data.at).toEqualTypeOf<number>()
      if (event.type === 'run.failed') expectTypeOf(event.data.attempts).toEqualTypeOf<number>()
    }
    expectTypeOf(handle).parameter(0).toEqualTypeOf<EventOf<Events>>()
  })

  it('takes, for sending, the input of the latest version, or of the one named', () => {
    expectTypeOf({ type: 'run.failed', data: { runId: 'r' } } as const).toExtend<
      EventInput<Events>
    >()
    expectTypeOf({ type: 'run.failed', data: { runId: 'r' }, version: 1 } as const).toExtend<
      EventInput<Events>
    >()
    expectTypeOf({ type: 'run.started', data: { at: '1' }, version: 1 } as const).toExtend<
      EventInput<Events>
    >()
    const older = { type: 'run.failed', data: { runId: 'r', attempts: 'x' }, version: 1 } as const
    expectTypeOf(older).toExtend<EventInput<Events>>()
  })

  it('refuses other types, data and versions', () => {
    expectTypeOf({ type: 'run.lost', data: {} } as const).not.toExtend<EventInput<Events>>()
    expectTypeOf({ type: 'run.started', data: { at: 1 } } as const).not.toExtend<
      EventInput<Events>
    >()
    expectTypeOf({ type: 'run.failed', data: {} } as const).not.toExtend<EventInput<Events>>()
    const wrong = { type: 'run.failed', data: { runId: 'r', attempts: 'x' } } as const
    expectTypeOf(wrong).not.toExtend<EventInput<Events>>()
    expectTypeOf({ ...wrong, version: 2 } as const).not.toExtend<EventInput<Events>>()
    expectTypeOf({ type: 'run.failed', data: { runId: 'r' }, version: 3 } as const).not.toExtend<
      EventInput<Events>
    >()
  })

  it('takes anything where nothing is known', () => {
    expectTypeOf({ type: 'x', data: 5 }).toExtend<EventInput<AnyCatalogue>>()
    expectTypeOf<Events>().toExtend<AnyCatalogue>()
    expectTypeOf<EventInput<AnyCatalogue>['data']>().toEqualTypeOf<unknown>()
  })

  it('knows schemas of other vendors', () => {
    const catalogue = () => defineEvents({ 'time.told': other })
    expectTypeOf<EventOf<ReturnType<typeof catalogue>>['data']>().toEqualTypeOf<Date>()
    expectTypeOf<EventInput<ReturnType<typeof catalogue>>['data']>().toEqualTypeOf<string>()
  })

  it('steps through many versions', () => {
    const catalogue = () =>
      defineEvents({
        many: {
          versions: { 8: v1, 9: v2, 10: v1, 11: v2 },
          upcast: { 8: (data) => data, 9: async ({ runId }) => ({ runId }), 10: (data) => data },
        },
      })
    type Many = EventOf<ReturnType<typeof catalogue>>
    expectTypeOf<Many['data']>().toEqualTypeOf<{ runId: string; attempts: number }>()
  })
})

const versions = { 1: v1, 2: v2 } as const
const downwards = { 1: v2, 2: v1 } as const
const gap = { 1: v1, 3: v2 } as const
const up = () => ({ runId: '' })

/** Each call is a type error; none is run. */
export const misuses = [
  // @ts-expect-error a step without its upcast
  () => defineEvents({ x: { versions } }),
  // @ts-expect-error the upcast of the step is not there
  () => defineEvents({ x: { versions, upcast: {} } }),
  // @ts-expect-error one upcast too many
  () => defineEvents({ x: { versions, upcast: { 1: up, 2: up } } }),
  // @ts-expect-error an upcast to something else
  () => defineEvents({ x: { versions, upcast: { 1: () => ({ attempts: 1 }) } } }),
  // @ts-expect-error a field that version 1 does not have
  () => defineEvents({ x: { versions, upcast: { 1: (d) => ({ runId: d.name }) } } }),
  // @ts-expect-error a gap
  () => defineEvents({ x: { versions: gap, upcast: { 1: up } } }),
  // @ts-expect-error an example of another shape
  () => defineEvents({ x: { schema: v1, example: { runId: 1 } } }),
  // @ts-expect-error an example that the latest version refuses
  () => defineEvents({ x: { versions: downwards, upcast: { 1: up }, example: {} } }),
  // @ts-expect-error a misspelt field
  () => defineEvents({ x: { schema: v1, exmple: { runId: '' } } }),
  // @ts-expect-error no schema
  () => defineEvents({ x: { type: 'object' } }),
]
