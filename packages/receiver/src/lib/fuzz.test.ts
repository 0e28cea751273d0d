import { expect, it, vi } from 'vitest'
import type { ReceiveRequest } from './request'
import { refusalStatus } from './result'
import { setUp, signed } from './test-support'

const SEED = 20_260_131

/** mulberry32: small, and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const random = randomOf(SEED)
const below = (end: number) => Math.floor(random() * end)
const pick = <Item>(items: readonly Item[]): Item | undefined => items[below(items.length)]
const bytes = (length: number) => Uint8Array.from({ length }, () => below(256))
const text = (length: number) => String.fromCharCode(...Array.from({ length }, () => below(0x500)))

function anyHeader(valid: string): string | string[] | undefined {
  const value = pick([valid, '', text(below(50)), `${valid}${text(1)}`, valid.slice(below(9))])
  return pick([value, value, value, [value ?? '', valid], undefined])
}

async function anyRequest(): Promise<ReceiveRequest> {
  const { headers, body } = await signed()
  const changed = Object.entries(headers).map(([name, value]) => [name, anyHeader(value)])
  const method = pick(['POST', 'post', text(3), undefined])
  return {
    headers: Object.fromEntries([...changed, [text(5), text(5)]]),
    body: pick([body, bytes(below(300)), body.subarray(below(20))]) ?? body,
    ...(method === undefined ? {} : { method }),
  }
}

it(`anything at all gets an answer of ours (seed ${SEED})`, async () => {
  const codes = new Map(Object.entries(refusalStatus))
  const { receiver } = setUp()
  for (let round = 0; round < 2_000; round += 1) {
    const { status, body, outcome } = await receiver.receive(await anyRequest())
    if (outcome.kind === 'refused') {
      expect(status).toBe(codes.get(outcome.code))
      expect(status).toBeLessThan(500)
      expect(body).toBe(`{"code":"${outcome.code}"}`)
    } else {
      expect(outcome.kind).toBe('unknown_type')
    }
  }
})

it(`one byte changed is never handled (seed ${SEED})`, async () => {
  const { receiver } = setUp({ idempotency: 'none' })
  const handler = vi.fn()
  receiver.on('run.completed', handler)
  const { headers, body } = await signed()
  for (let round = 0; round < 3_000; round += 1) {
    const mutant = body.slice()
    const at = below(mutant.length)
    mutant[at] = (mutant[at] ?? 0) ^ (1 + below(255))
    const { outcome } = await receiver.receive({ headers, body: mutant })
    expect(outcome).toMatchObject({ kind: 'refused', code: 'signature_mismatch' })
  }
  expect(handler).not.toHaveBeenCalled()
})
