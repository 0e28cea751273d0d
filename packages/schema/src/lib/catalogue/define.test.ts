import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { failureOf } from '../test-support'
import { defineEvents } from './define'

const v1 = z.object({ runId: z.string() })
const v2 = z.object({ runId: z.string(), attempts: z.number() })
const v3 = z.object({ runId: z.string(), tries: z.number().default(0) })

const events = defineEvents({
  'run.completed': z.object({
    runId: z.string(),
    steps: z.array(z.object({ name: z.string() })).optional(),
  }),
  'run.started': { schema: v1, description: 'A run began.', example: { runId: 'r1' } },
  'run.failed': {
    versions: { 1: v1, 2: v2, 3: v3 },
    upcast: {
      1: (data) => ({ ...data, attempts: 1 }),
      2: async ({ runId, attempts }) => ({ runId, tries: attempts }),
    },
  },
})

describe('a catalogue', () => {
  it('lists its types in order', () => {
    expect(events.types).toEqual(['run.completed', 'run.started', 'run.failed'])
    expect(Object.isFrozen(events)).toBe(true)
    expect(Object.isFrozen(events.types)).toBe(true)
  })

  it('knows the latest version', () => {
    expect(events.latest('run.completed')).toBe(1)
    expect(events.latest('run.failed')).toBe(3)
  })

  it('gives definitions in one form', () => {
    const completed = events.definition('run.completed')
    expect(completed).toMatchObject({ type: 'run.completed', latest: 1 })
    expect([...(completed?.versions.keys() ?? [])]).toEqual([1])
    expect(completed).not.toHaveProperty('description')
    expect(completed).not.toHaveProperty('example')
    const started = events.definition('run.started')
    expect(started).toMatchObject({ description: 'A run began.', example: { runId: 'r1' } })
    expect(started?.versions.get(1)).toBe(v1)
    const failed = events.definition('run.failed')
    expect(failed?.versions.get(2)).toBe(v2)
    expect([...(failed?.upcasts.keys() ?? [])]).toEqual([1, 2])
  })

  const strangers = [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '',
    'run',
    'RUN.failed',
  ]

  it.each(strangers)('does not know %j', async (type) => {
    expect(events.has(type)).toBe(false)
    expect(events.definition(type)).toBeUndefined()
    const failure = {
      ok: false,
      code: 'unknown_event_type',
      issues: [{ path: 'type', message: expect.any(String) }],
    }
    expect(await events.validate(type, {})).toEqual(failure)
    expect(await events.decode(type, {}, 1)).toEqual(failure)
    expect(await failureOf(() => events.latest(type))).toMatchObject({
      code: 'unknown_event_type',
      details: { type },
    })
  })

  it('knows what it has', () => {
    expect(events.has('run.failed')).toBe(true)
  })
})

describe('validate', () => {
  it('checks at the latest version unless told, and gives back the input', async () => {
    const data = { runId: 'r', extra: 1 }
    const result = await events.validate('run.failed', data)
    expect(result).toEqual({ ok: true, value: data })
    expect(result.ok && result.value).toBe(data)
    expect(await events.validate('run.failed', { runId: 'r', tries: 'x' })).toMatchObject({
      ok: false,
    })
    expect(await events.validate('run.failed', { runId: 'r' }, 1)).toMatchObject({ ok: true })
    expect(await events.validate('run.failed', { runId: 'r' }, 2)).toMatchObject({ ok: false })
  })

  it('names the path of every issue', async () => {
    const data = { steps: [{ name: 'a' }, { name: 5 }] }
    expect(await events.validate('run.completed', data)).toEqual({
      ok: false,
      code: 'invalid_data',
      issues: [
        { path: 'data.runId', message: expect.stringContaining('string') },
        { path: 'data.steps[1].name', message: expect.stringContaining('string') },
      ],
    })
    expect(await events.validate('run.completed', null)).toMatchObject({
      issues: [{ path: 'data' }],
    })
  })

  it.each([0, 4, -1, 1.5, Number.NaN])('does not support version %d', async (version) => {
    const failure = {
      ok: false,
      code: 'unsupported_version',
      issues: [{ path: 'version', message: 'The catalogue has version 1, 2, 3 of this type.' }],
    }
    expect(await events.validate('run.failed', { runId: 'r' }, version)).toEqual(failure)
    expect(await events.decode('run.failed', { runId: 'r' }, version)).toEqual(failure)
  })
})

describe('decode', () => {
  it('takes version 1 unless told, as on the wire, and upcasts step by step', async () => {
    const latest = { ok: true, value: { runId: 'r', tries: 1 } }
    expect(await events.decode('run.failed', { runId: 'r' })).toEqual(latest)
    expect(await events.decode('run.failed', { runId: 'r' }, 1)).toEqual(latest)
    expect(await events.decode('run.failed', { runId: 'r', attempts: 7 }, 2)).toEqual({
      ok: true,
      value: { runId: 'r', tries: 7 },
    })
  })

  it('gives the output of the schema, defaults and all', async () => {
    expect(await events.decode('run.failed', { runId: 'r', other: 1 }, 3)).toEqual({
      ok: true,
      value: { runId: 'r', tries: 0 },
    })
  })

  it('checks at the version received, not only at the latest', async () => {
    expect(await events.decode('run.failed', { runId: 'r', tries: 1 }, 2)).toEqual({
      ok: false,
      code: 'invalid_data',
      issues: [{ path: 'data.attempts', message: expect.any(String) }],
    })
  })

  const late = (upcast: (data: { runId: string }) => { runId: string; attempts: number }) =>
    defineEvents({ x: { versions: { 1: v1, 2: v2 }, upcast: { 1: upcast } } })

  it('checks what an upcast gives', async () => {
    const catalogue = late(() => JSON.parse('{"runId":"r","attempts":"many"}'))
    expect(await catalogue.decode('x', { runId: 'r' })).toEqual({
      ok: false,
      code: 'invalid_data',
      issues: [{ path: 'data.attempts', message: expect.any(String) }],
    })
  })

  it('answers with a value when an upcast throws', async () => {
    const catalogue = late(() => {
      throw new TypeError('what the peer sent')
    })
    expect(await catalogue.decode('x', { runId: 'r' })).toEqual({
      ok: false,
      code: 'invalid_data',
      issues: [{ path: 'data', message: 'The upcast from version 1 threw.' }],
    })
  })

  it('answers with a value when a schema throws, or rejects', async () => {
    const fails = z.string().refine(() => {
      throw new TypeError('inside')
    })
    const rejects = {
      '~standard': {
        version: 1,
        vendor: 'ours',
        validate: () => Promise.reject(new TypeError('inside')),
      },
    } as const
    const catalogue = defineEvents({ fails, rejects })
    for (const type of ['fails', 'rejects']) {
      expect(await catalogue.decode(type, 'x')).toEqual({
        ok: false,
        code: 'invalid_data',
        issues: [{ path: 'data', message: 'The schema threw while it checked this.' }],
      })
    }
  })

  it('waits for a schema that takes its time', async () => {
    const slow = z.string().refine(async (text) => text === 'yes')
    const catalogue = defineEvents({ slow })
    expect(await catalogue.decode('slow', 'yes')).toEqual({ ok: true, value: 'yes' })
    expect(await catalogue.decode('slow', 'no')).toMatchObject({ ok: false, code: 'invalid_data' })
  })

  it('survives data that is deep, or has hostile keys', async () => {
    const catalogue = defineEvents({ any: z.json(), record: z.record(z.string(), z.number()) })
    const deep: unknown = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`)
    expect(await catalogue.decode('any', deep)).toHaveProperty('ok')
    const hostile: unknown = JSON.parse('{"__proto__":1,"constructor":2,"toString":3}')
    expect(await catalogue.decode('record', hostile)).toHaveProperty('ok')
  })

  it('names at most 50 issues', async () => {
    const catalogue = defineEvents({ list: z.array(z.string()) })
    const result = await catalogue.decode('list', Array(1_000).fill(1))
    expect(result.ok || result.issues.length).toBe(50)
    expect(result.ok || result.issues[49]?.path).toBe('data[49]')
  })
})

describe('schemas of other vendors', () => {
  const evens = {
    '~standard': {
      version: 1,
      vendor: 'ours',
      validate: (value: unknown) =>
        typeof value === 'number' && value % 2 === 0
          ? { value }
          : {
              issues: [
                { message: 'must be even', path: [{ key: 'a' }, 0, Symbol('s')] },
                { message: 'no path' },
              ],
            },
    },
  } as const

  it('are as good', async () => {
    const asFunction = Object.assign(() => 1, evens)
    const catalogue = defineEvents({ evens, asFunction: { schema: asFunction } })
    for (const type of catalogue.types) {
      expect(await catalogue.decode(type, 2)).toEqual({ ok: true, value: 2 })
      expect(await catalogue.decode(type, 1)).toEqual({
        ok: false,
        code: 'invalid_data',
        issues: [
          { path: 'data.a[0][Symbol(s)]', message: 'must be even' },
          { path: 'data', message: 'no path' },
        ],
      })
    }
  })
})
