import { readFileSync } from 'node:fs'

/** One case of ssrf.json, as far as the tests read it. */
export interface GuardCase {
  readonly id: string
  readonly kind: 'ip' | 'ip-string' | 'url' | 'dns' | 'scenario'
  readonly input: string
  readonly expect: 'block' | 'allow' | 'either'
  readonly strict?: 'block' | 'allow'
  readonly reason: string
  /** Kind `url`: fake answers by name. */
  readonly dns?: Readonly<Record<string, readonly string[]>>
  /** Kind `dns`: the answers of each lookup, in order. */
  readonly answers?: readonly (readonly string[])[]
}

function isCases(value: unknown): value is { cases: GuardCase[] } {
  return (
    typeof value === 'object' && value !== null && 'cases' in value && Array.isArray(value.cases)
  )
}

/** The corpus of addresses, URLs, DNS answers and scenarios, each with its verdict. */
export function guardCases(...kinds: readonly GuardCase['kind'][]): readonly GuardCase[] {
  const data: unknown = JSON.parse(readFileSync(new URL('./ssrf.json', import.meta.url), 'utf8'))
  if (!isCases(data)) throw new TypeError('ssrf.json has no cases')
  return data.cases.filter((each) => kinds.includes(each.kind))
}

/** Where public guards disagree, the corpus says which verdict this project takes. */
export function verdictOf(each: GuardCase): 'block' | 'allow' {
  return each.expect === 'either' ? (each.strict ?? 'block') : each.expect
}
