import { below, pick, seededRandom } from '../test-support'
import type { Scheme } from './scheme'

const now = 1_614_265_330
// Endless, so that only the signature can refuse a changed timestamp.
const endless = { past: Number.POSITIVE_INFINITY, future: Number.POSITIVE_INFINITY }

interface Request {
  readonly headers: Record<string, string>
  readonly body: Uint8Array
}

type Random = () => number

/** One bit, byte or place of the body changed. */
export function mutateBytes(random: Random, body: Uint8Array): Uint8Array {
  const at = below(random, body.length)
  const byte = below(random, 256)
  return pick(random, [
    () => body.map((old, index) => (index === at ? old ^ (1 << below(random, 8)) : old)),
    () => body.map((old, index) => (index === at ? byte : old)),
    () => new Uint8Array([...body.slice(0, at), byte, ...body.slice(at)]),
    () => new Uint8Array([...body.slice(0, at), ...body.slice(at + 1)]),
    () => body.slice(0, at),
    () => new Uint8Array([...body, byte]),
  ])()
}

/** One character changed, put in, taken out or moved. No space and no comma: those begin another signature. */
function mutateText(random: Random, text: string): string {
  const at = below(random, text.length)
  const choices = 'ABCabcxyz0189+/=-_.;~!\u00e9\u0141\uff21\u0000'
  const char = choices[below(random, choices.length)] ?? 'A'
  const old = text[at] ?? ''
  return pick(random, [
    () => text.slice(0, at) + char + text.slice(at + 1),
    () => text.slice(0, at) + char + text.slice(at),
    () => text.slice(0, at) + text.slice(at + 1),
    () => text.slice(0, at),
    () => text.slice(0, at) + swapCase(old) + text.slice(at + 1),
    () => text.slice(0, at) + (text[at + 1] ?? '') + old + text.slice(at + 2),
  ])()
}

function swapCase(char: string): string {
  return char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase()
}

function mutateHeader(random: Random, request: Request, name: string, label: string): Request {
  const value = request.headers[name] ?? ''
  const changed = value.slice(0, label.length) + mutateText(random, value.slice(label.length))
  return { ...request, headers: { ...request.headers, [name]: changed } }
}

function same(a: Request, b: Request): boolean {
  return JSON.stringify([a.headers, [...a.body]]) === JSON.stringify([b.headers, [...b.body]])
}

export interface Case {
  readonly scheme: Scheme
  readonly signWith: string
  readonly verifyWith: string
  /** Header names whose value is signed or a signature, with the part in front that is left alone. */
  readonly signed: readonly [readonly [string, string], ...(readonly [string, string])[]]
}

/** Makes at least so many changes, and fails at the first that is accepted. */
export async function acceptNone(seed: number, count: number, one: Case): Promise<number> {
  const random = seededRandom(seed)
  const { scheme, signWith, verifyWith } = one
  const options = { now, tolerance: endless }
  let mutated = 0
  while (mutated < count) {
    const body = new Uint8Array(1 + below(random, 40)).map(() => below(random, 256))
    const id = `msg_${below(random, 1e9)}`
    const headers = await scheme.sign({ id, timestamp: now + below(random, 1e6), body }, [signWith])
    const request = { headers, body }
    const good = await scheme.verify(request, [verifyWith], options)
    if (!good.ok) throw new TypeError(`refused unchanged, seed ${seed}: ${good.code}`)
    for (let each = 0; each < 50; each += 1) {
      const [name, label] = pick(random, one.signed)
      const changed =
        random() < 0.5
          ? { headers, body: mutateBytes(random, body) }
          : mutateHeader(random, request, name, label)
      if (same(changed, request)) continue
      mutated += 1
      const result = await scheme.verify(changed, [verifyWith], options)
      if (result.ok) throw new TypeError(`accepted, seed ${seed}: ${JSON.stringify(changed)}`)
    }
  }
  return mutated
}
