import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineEvents } from '../catalogue/define'
import { failureOf } from '../test-support'
import { toJsonSchema } from './json-schema'

const v1 = z.object({ runId: z.string() })
const v2 = z.object({ runId: z.string(), attempts: z.number().default(1) })

describe('toJsonSchema', () => {
  it('gives what travels, by type and version', () => {
    const events = defineEvents({
      'run.failed': { versions: { 1: v1, 2: v2 }, upcast: { 1: (data) => data } },
      constructor: z.string().transform(Number),
    })
    const schemas = toJsonSchema(events)
    expect(Object.keys(schemas)).toEqual(['run.failed', 'constructor'])
    expect(Object.keys(schemas['run.failed'] ?? {})).toEqual(['1', '2'])
    expect(schemas['run.failed']?.[1]).toMatchObject({ required: ['runId'] })
    expect(schemas['run.failed']?.[2]).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: { runId: { type: 'string' }, attempts: { type: 'number', default: 1 } },
      required: ['runId'],
    })
    expect(Object.values(schemas)[1]?.[1]).toMatchObject({ type: 'string' })
  })

  it('names what JSON Schema cannot express', async () => {
    const events = defineEvents({ fine: v1, dated: z.object({ at: z.date() }) })
    const error = await failureOf(() => toJsonSchema(events))
    expect(error).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('Version 1 of dated has no JSON Schema'),
      details: { type: 'dated', version: 1, vendor: 'zod' },
      cause: expect.any(Error),
    })
  })

  const standard = {
    version: 1,
    vendor: 'ours',
    validate: (value: unknown) => ({ value }),
  } as const

  it('takes what another vendor offers', () => {
    const input = ({ target }: { target: string }) => ({ $comment: target, type: 'string' })
    const offering = { '~standard': { ...standard, jsonSchema: { input } } }
    expect(toJsonSchema(defineEvents({ x: offering }))).toEqual({
      x: { 1: { $comment: 'draft-2020-12', type: 'string' } },
    })
    const open = { '~standard': { ...standard, jsonSchema: { input: () => true } } }
    expect(toJsonSchema(defineEvents({ x: open }))).toEqual({ x: { 1: true } })
  })

  it.each([
    ['none', standard],
    ['one that is no function', { ...standard, jsonSchema: { input: 5 } }],
    ['null', { ...standard, jsonSchema: null }],
    ['one that gives nothing', { ...standard, jsonSchema: { input: () => undefined } }],
    [
      'one that throws',
      {
        ...standard,
        jsonSchema: {
          input: () => {
            throw new TypeError('no')
          },
        },
      },
    ],
    ['the name of zod, but an old one', { ...standard, vendor: 'zod' }],
  ])('says so when a vendor offers %s', async (_, props) => {
    const events = defineEvents({ x: { '~standard': props } })
    expect(await failureOf(() => toJsonSchema(events))).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining(`its vendor, ${props.vendor}, does not offer one`),
    })
  })
})
