import type { AnswerLike } from '../matchers'
import type { TestRequest } from '../sign-test-request'
import type { Attack } from './attack'

/** An attack that was not answered as it should be. */
export interface AttackFailure {
  readonly name: string
  readonly expected: Attack['expect']
  /** Undefined when no answer came. */
  readonly status: number | undefined
}

const ranges = { accepted: [200, 299], refused: [400, 499], survived: [200, 499] } as const

/**
 * Sends attacks one after the other, and answers those that went wrong: an empty list is what you want.
 *
 * No answer at all counts as a refusal, since servers cut off what is too large; a server that died is found out by the good request at the
 * corpus's end.
 *
 * @param send `(request) => fetch(url, request)`, `(request) => receiver.receive(request)`, or a framework's `inject`
 */
export async function runAttacks(
  attacks: readonly Attack[],
  send: (request: TestRequest) => Promise<AnswerLike> | AnswerLike,
): Promise<readonly AttackFailure[]> {
  const failures: AttackFailure[] = []
  for (const { name, request, expect: expected } of attacks) {
    const status = await statusOf(() => send(request))
    if (!isAsExpected(status, expected)) failures.push({ name, expected, status })
  }
  return failures
}

async function statusOf(send: () => Promise<AnswerLike> | AnswerLike): Promise<number | undefined> {
  try {
    const { status, statusCode } = await send()
    return status ?? statusCode
  } catch {
    return undefined
  }
}

function isAsExpected(status: number | undefined, expected: Attack['expect']): boolean {
  if (status === undefined) return expected === 'refused'
  const [from, to] = ranges[expected]
  return status >= from && status <= to
}
