import type { EndpointRecord } from '../model/endpoint'
import type { AttemptOutcome } from '../ports/transport'
import type { WorkerContext } from './context'

/** Of the endpoint, and of the token URL that its owner chose. */
const alikeCodes: ReadonlySet<string> = new Set(['unreachable', 'token_unreachable'])

/** Above the ticks of a transport's deadlines: a target that is silent ends some of them after its time. */
const lateMs = 100

/**
 * Where the policy opens private ranges, a target in them that cannot be reached is known at once (blocked, refused) or late (no answer): from
 * the difference a tenant could map the host's network. So each of them takes the whole time that an attempt may take. A stop ends the wait.
 * `begun` is when the attempt began, by the worker's clock.
 */
export async function conceal(
  context: WorkerContext,
  endpoint: EndpointRecord,
  outcome: AttemptOutcome,
  begun: number,
): Promise<AttemptOutcome> {
  const { concealsTargets, timeoutMs } = context.options
  if (!concealsTargets || outcome.kind !== 'error' || !alikeCodes.has(outcome.code)) return outcome
  const wholeMs = endpoint.timeoutMs ?? timeoutMs
  await context.clock.sleep(begun + wholeMs + lateMs - context.clock.now(), context.stopping)
  // Whose fault it was shows in the endpoint's health, and a proxy is blamed for what it could not reach: not for what was blocked.
  const { blame: _blame, ...alike } = outcome
  return { ...alike, durationMs: wholeMs }
}
