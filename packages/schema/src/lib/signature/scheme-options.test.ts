import { describe, expect, it } from 'vitest'
import { defineScheme } from './define-scheme'
import type { SchemeOptions } from './scheme-options'
import { body, githubOptions, message, options } from './schemes.samples'

describe('options that contradict each other', () => {
  const fields = { kind: 'fields', signature: 'v1' } as const

  it.each<[string, Partial<Record<keyof SchemeOptions, unknown>>, string]>([
    ['a name with capitals', { name: 'Mine' }, 'name'],
    ['a long name', { name: 'x'.repeat(65) }, 'name'],
    ['a header with a stray sign', { headers: { signature: 'x-sig!' } }, 'lower-case'],
    ['a header that begins with a dash', { headers: { signature: '-sig' } }, 'lower-case'],
    ['a long header', { headers: { signature: 'x'.repeat(65) } }, 'lower-case'],
    [
      'a field name with a stray sign',
      { layout: { ...fields, signature: 'v1!' } },
      'layout.signature',
    ],
    [
      'a field name with a sign before',
      { layout: { ...fields, signature: '!v1' } },
      'layout.signature',
    ],
    ['a long field name', { layout: { ...fields, signature: 'x'.repeat(17) } }, 'layout.signature'],
    ['a name with a space', { name: 'my scheme' }, 'name'],
    ['no name', { name: '' }, 'name'],
    ['an upper-case header', { headers: { signature: 'X-Sig' } }, 'lower-case'],
    ['no signature header', { headers: {} }, 'headers.signature'],
    ['another encoding', { encoding: 'base32' }, 'encoding'],
    ['another key rule', { key: 'hex' }, 'key'],
    ['a body that is not last', { signed: '{body}.{timestamp}' }, '{body}'],
    ['no body', { signed: 'x' }, '{body}'],
    ['two bodies', { signed: '{body}{body}' }, '{body}'],
    ['an unknown part', { signed: '{nonce}{body}' }, '{body}'],
    ['a stray brace', { signed: '{{body}' }, '{body}'],
    ['a signed time without a place', { signed: '{timestamp}{body}' }, 'exactly one place'],
    [
      'a place for a time not signed',
      { headers: { signature: 's', timestamp: 't' } },
      'exactly one place',
    ],
    ['an unsigned time in a field', { layout: { ...fields, timestamp: 't' } }, 'exactly one place'],
    [
      'a signed time in a field of a layout without fields',
      { signed: '{timestamp}{body}', layout: { kind: 'single', timestamp: 't' } },
      'exactly one place',
    ],
    [
      'a time in two places',
      {
        signed: '{timestamp}{body}',
        headers: { signature: 's', timestamp: 't' },
        layout: { ...fields, timestamp: 't' },
      },
      'exactly one place',
    ],
    ['a signed id without a header', { signed: '{id}{body}' }, 'headers.id'],
    ['a header for an id not signed', { headers: { signature: 's', id: 'i' } }, 'headers.id'],
    [
      'two headers of one name',
      { signed: '{id}{body}', headers: { signature: 's', id: 's' } },
      'a name of its own',
    ],
    ['an unknown layout', { layout: { kind: 'xml' } }, 'layout.kind'],
    ['an empty prefix', { layout: { kind: 'single', prefix: '' } }, 'layout.prefix'],
    ['a prefix with a comma', { layout: { kind: 'single', prefix: 'a,' } }, 'layout.prefix'],
    ['a prefix with a space', { layout: { kind: 'single', prefix: 'a b' } }, 'layout.prefix'],
    ['a long prefix', { layout: { kind: 'single', prefix: 'a'.repeat(33) } }, 'layout.prefix'],
    ['an empty field name', { layout: { kind: 'fields', signature: '' } }, 'layout.signature'],
    [
      'a field name with an equals sign',
      { layout: { ...fields, timestamp: 't=' } },
      'layout.timestamp',
    ],
    ['two fields of one name', { layout: { ...fields, timestamp: 'v1' } }, 'must differ'],
  ])('%s', (_, change, problem) => {
    const call = () => Reflect.apply(defineScheme, undefined, [{ ...githubOptions, ...change }])
    expect(call).toThrow(TypeError)
    expect(call).toThrow(problem)
  })
})

describe('options at their limits', () => {
  it.each<[string, Partial<SchemeOptions>]>([
    ['a name of 64', { name: `0${'_-a1'.repeat(15)}xyz` }],
    ['a header of 64', { headers: { signature: `x${'-'.repeat(63)}` } }],
    ['a header of 1', { headers: { signature: 'x' } }],
    ['a prefix of 32', { layout: { kind: 'single', prefix: '!'.repeat(32) } }],
    ['a field name of 16', { layout: { kind: 'fields', signature: 'a1'.repeat(8) } }],
    ['a field name of 1', { layout: { kind: 'fields', signature: 'a' } }],
    ['base64', { encoding: 'base64' }],
    ['text around what is signed', { signed: 'v0:a b,{body}' }],
    ['a header that is not there', { headers: JSON.parse('{"signature":"x"}') }],
  ])('%s', async (_, change) => {
    const scheme = defineScheme({ ...githubOptions, ...change })
    const headers = await scheme.sign(message, ['s'])
    expect(await scheme.verify({ headers, body }, ['s'], options)).toMatchObject({ ok: true })
  })
})

describe('a defined scheme', () => {
  it('takes a header that is undefined for none', () => {
    const headers = { signature: 'x', timestamp: undefined, id: undefined }
    const scheme = Reflect.apply(defineScheme, undefined, [{ ...githubOptions, headers }])
    expect(scheme.headers).toEqual(['x'])
  })

  it('does not change when its options do', async () => {
    const mutable = { ...githubOptions, headers: { signature: 'x-one' } }
    const scheme = defineScheme(mutable)
    mutable.headers.signature = 'x-two'
    expect(Object.keys(await scheme.sign(message, ['s']))).toEqual(['x-one'])
    expect(Object.isFrozen(scheme)).toBe(true)
  })
})
