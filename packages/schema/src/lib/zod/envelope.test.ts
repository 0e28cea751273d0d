import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { isEnvelope } from '../envelope/guard'
import { below, pick, seededRandom } from '../test-support'
import { envelopeSchema } from './envelope'

type Random = () => number

const good = { id: 'a', type: 'b.c', timestamp: '2026-01-31T12:00:00Z', version: 2, data: {} }

function text(random: Random, alphabet: string, most: number): string {
  const length = below(random, most + 1)
  return Array.from({ length }, () => alphabet[below(random, alphabet.length)] ?? '').join('')
}

function name(random: Random): string {
  return text(random, 'aZ9_-..  é\n', pick(random, [3, 8, 140]))
}

function time(random: Random): string {
  const two = (end: number) => String(below(random, end)).padStart(2, '0')
  const year = pick(random, ['2024', '2025', '2000', '1900', '0000', '9999', '99'])
  const zone = pick(random, ['Z', 'Z', 'z', '', `+${two(26)}:${two(62)}`, '-00:00', '+0100', '+01'])
  const part = pick(random, ['', '', '.0', '.123456789', '.1234567890', '.'])
  const seconds = pick(random, [`:${two(61)}`, `:${two(60)}`, ''])
  const day = pick(random, [two(33), '28', '29', '30', '31'])
  const letter = pick(random, ['T', 'T', 'T', 't', ' '])
  return `${year}-${two(14)}-${day}${letter}${two(25)}:${two(61)}${seconds}${part}${zone}`
}

function anything(random: Random): unknown {
  return pick<unknown>(random, [null, 0, 1, -1, 1.5, 2 ** 53, 2 ** 53 - 1, '', '1', [], {}, true])
}

function candidate(random: Random): unknown {
  const value: Record<string, unknown> = { ...good }
  for (let change = 0; change < 1 + below(random, 2); change += 1) {
    const field = pick(random, ['id', 'type', 'timestamp', 'timestamp', 'version', 'data', 'more'])
    const makers: Record<string, () => unknown> = {
      id: () => name(random),
      type: () => name(random),
      timestamp: () => time(random),
    }
    const kind = random()
    if (kind < 0.1) delete value[field]
    else if (kind < 0.15) value[field] = undefined
    else value[field] = (kind < 0.4 ? undefined : makers[field])?.() ?? anything(random)
  }
  return random() < 0.02 ? anything(random) : value
}

describe('envelopeSchema', () => {
  it('accepts exactly what isEnvelope accepts: 50,000 candidates', () => {
    const random = seededRandom(21)
    const seen = { accepted: 0, refused: 0 }
    for (let run = 0; run < 50_000; run += 1) {
      const value = candidate(random)
      const accepted = isEnvelope(value)
      expect(envelopeSchema.safeParse(value).success, JSON.stringify(value)).toBe(accepted)
      seen[accepted ? 'accepted' : 'refused'] += 1
    }
    // Both sides of the line are well visited.
    expect(seen.accepted).toBeGreaterThan(2_000)
    expect(seen.refused).toBeGreaterThan(2_000)
  })

  it('strips fields it does not know', () => {
    expect(envelopeSchema.parse({ ...good, more: 1 })).toEqual(good)
  })

  it('is typed as the envelope', () => {
    const parsed: { id: string; type: string; timestamp: string; version?: number | undefined } =
      envelopeSchema.parse(good)
    expect(parsed.id).toBe('a')
  })

  it('has a JSON Schema', () => {
    expect(z.toJSONSchema(envelopeSchema, { io: 'input' })).toMatchObject({
      type: 'object',
      required: ['id', 'type', 'timestamp', 'data'],
      properties: { type: { maxLength: 128 }, version: { minimum: 1, type: 'integer' } },
    })
  })
})
