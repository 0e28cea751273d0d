import { WebhookError } from '@posthorn/schema'
import { describe, expect, it } from 'vitest'
import { checkEventTypes, isPattern, matchesType } from './patterns'

const yes: readonly [pattern: string, type: string][] = [
  ['run', 'run'],
  ['run.completed', 'run.completed'],
  ['*', 'run'],
  ['*', 'run.node.failed'],
  ['run.*', 'run.completed'],
  ['run.*', 'run.node.failed'],
  ['*.failed', 'run.failed'],
  ['*.failed', 'run.node.failed'],
  ['*.failed', 'failed.failed'],
  ['run.*.failed', 'run.node.failed'],
  ['run.*.failed', 'run.a.b.failed'],
  ['*.*', 'a.b'],
  ['*.*', 'a.b.c'],
  ['*.b.*', 'a.b.c'],
  ['*.b.*', 'b.b.b'],
  ['*.b.*', 'a.x.b.c.d'],
  ['a.*.b.*.c', 'a.1.b.2.c'],
  ['a.*.b.*.c', 'a.1.b.b.2.c.c'],
  ['*.*.*', 'a.b.c'],
]

const no: readonly [pattern: string, type: string][] = [
  ['run', 'run.completed'],
  ['run.completed', 'run'],
  ['run.*', 'run'],
  ['run.*', 'runs.completed'],
  ['run.*', 'a.run.completed'],
  ['*.failed', 'failed'],
  ['*.failed', 'run.failed.twice'],
  ['*.failed', 'run.unfailed'],
  ['run.*.failed', 'run.failed'],
  ['*.*', 'a'],
  ['*.b.*', 'a.b'],
  ['*.b.*', 'b.c'],
  ['*.b.*', 'b.b'],
  ['*.b.*', 'a.bb.c'],
  ['*.a.*', 'a.a'],
  ['a.*.a', 'a.a'],
  ['*.*.*', 'a.b'],
  ['a.*.b.*.c', 'a.1.b.c'],
  ['a.*.b.*.c', 'a.b.2.c'],
  ['Run', 'run'],
  ['run.*', 'run.'],
  ['*.run', '.run'],
  ['*', ''],
]

describe('matchesType', () => {
  it.each(yes)('%s takes in %s', (pattern, type) => {
    expect(matchesType([pattern], type)).toBe(true)
  })

  it.each(no)('%s does not take in %s', (pattern, type) => {
    expect(matchesType([pattern], type)).toBe(false)
  })

  it('asks for one of several patterns', () => {
    expect(matchesType(['a', 'b.*'], 'b.c')).toBe(true)
    expect(matchesType(['a', 'b.*'], 'c')).toBe(false)
    expect(matchesType([], 'a')).toBe(false)
  })

  it('agrees with a matcher that tries everything', () => {
    for (const pattern of sequences(['a', 'b', '*'], 4)) {
      for (const type of sequences(['a', 'b'], 5)) {
        const [text, subject] = [pattern.join('.'), type.join('.')]
        expect([text, subject, matchesType([text], subject)]).toEqual([
          text,
          subject,
          tryEverything(pattern, type),
        ])
      }
    }
  })
})

function sequences(alphabet: readonly string[], longest: number): readonly string[][] {
  const levels: string[][][] = [alphabet.map((letter) => [letter])]
  while (levels.length < longest) {
    levels.push((levels.at(-1) ?? []).flatMap((head) => alphabet.map((next) => [...head, next])))
  }
  return levels.flat()
}

function tryEverything([head, ...pattern]: readonly string[], type: readonly string[]): boolean {
  if (head === undefined) return type.length === 0
  if (head !== '*') return type[0] === head && tryEverything(pattern, type.slice(1))
  return type.some((_, taken) => tryEverything(pattern, type.slice(taken + 1)))
}

describe('isPattern', () => {
  const good = ['a', 'A-z_0.9', '*', 'a.*', '*.a', 'a.*.b', '*.*', '-', 'x'.repeat(128)]
  it.each(good)('takes %s', (text) => {
    expect(isPattern(text)).toBe(true)
  })

  const bad = [
    ...[
      '',
      '.',
      'a.',
      '.a',
      'a..b',
      'a*',
      '*a',
      '**',
      'a.b*',
      'a.*b',
      'a b',
      'ä',
      'a\n',
      '\na',
      'a/b',
    ],
    ...['x'.repeat(129), undefined, null, 7, ['a'], {}],
  ]
  it.each(bad)('refuses %j', (value) => {
    expect(isPattern(value)).toBe(false)
  })
})

describe('checkEventTypes', () => {
  it('keeps each pattern once, in the order given, in an array of its own', () => {
    const given = ['run.*', '*.failed', 'run.*']
    const checked = checkEventTypes(given)
    expect(checked).toEqual(['run.*', '*.failed'])
    expect(Object.isFrozen(checked)).toBe(true)
    expect(Object.isFrozen(given)).toBe(false)
  })

  it('takes 1 to 100', () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`)
    expect(checkEventTypes(many(1))).toHaveLength(1)
    expect(checkEventTypes(many(100))).toHaveLength(100)
    const rule = '`eventTypes` must be an array of 1 to 100 patterns.'
    for (const value of [[], many(101), 'run.*', undefined, null, { length: 1, 0: 'a' }]) {
      expect(() => checkEventTypes(value)).toThrow(new WebhookError('invalid_endpoint', rule))
    }
  })

  it('names the one that is wrong', () => {
    const error = caught(() => checkEventTypes(['run.*', 'run..x']))
    expect(error.code).toBe('invalid_endpoint')
    expect(error.details).toEqual({ index: 1 })
    expect(error.message).toBe(
      '`eventTypes[1]` "run..x" must be segments of A-Z a-z 0-9 _ - or * joined by dots, at most 128 characters.',
    )
  })

  it('shows no more of it than a pattern could have, and nothing of what is not text', () => {
    expect(caught(() => checkEventTypes(['x'.repeat(500)])).message).toContain(
      `"${'x'.repeat(128)}"`,
    )
    expect(caught(() => checkEventTypes([{ toString: () => 'secret' }])).message).toBe(
      '`eventTypes[0]` must be segments of A-Z a-z 0-9 _ - or * joined by dots, at most 128 characters.',
    )
  })

  it('refuses a hole in the array', () => {
    expect(caught(() => checkEventTypes(new Array(1))).code).toBe('invalid_endpoint')
  })
})

function caught(act: () => unknown): WebhookError {
  try {
    act()
  } catch (error) {
    if (WebhookError.is(error)) return error
    throw error
  }
  throw new TypeError('nothing was thrown')
}
