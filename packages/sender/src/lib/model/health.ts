import type { Health } from './endpoint'

/** How long an endpoint may fail, in milliseconds, and what then. */
export interface HealthPolicy {
  /** Without one success. */
  readonly disableAfterMs: number
  /** From then on it is probed: one attempt at a time. */
  readonly probeAfterMs: number
  /** The longest wait between two probes. */
  readonly probeIntervalMs: number
}

const shortestProbeMs = 1_000
const probeShare = 0.1
const probeJitter = 0.2

/**
 * How long an endpoint that has failed again is left alone, in milliseconds: a tenth of the time it has been failing, with jitter so that those
 * that went down together are not probed together. Undefined while it has not failed for long: each delivery then keeps to its schedule.
 */
export function nextProbe(
  health: Health,
  policy: HealthPolicy & { readonly now: number; readonly random: () => number },
): number | undefined {
  if (health.state === 'healthy') return undefined
  const failingFor = policy.now - health.since
  if (failingFor < policy.probeAfterMs) return undefined
  const wait = Math.max(shortestProbeMs, failingFor * probeShare)
  const jitter = 1 - policy.random() * probeJitter
  return Math.round(Math.min(wait, policy.probeIntervalMs) * jitter)
}

/** A change of health to write. */
export interface HealthChange {
  readonly from: Health['state']
  readonly to: Health['state']
}

/**
 * ```
 *          failure                 failure, failing for `disableAfterMs`
 * healthy ─────────▶ failing(since) ─────────▶ disable
 *    ▲                  │
 *    └───── success ────┘
 * ```
 * Transitions only: an outcome that changes nothing answers undefined, so that a busy endpoint costs no write.
 */
export function judgeHealth(
  health: Health,
  verdict: 'success' | 'failure',
  now: number,
  disableAfterMs: number,
): HealthChange | 'disable' | undefined {
  switch (verdict) {
    case 'success':
      return health.state === 'failing' ? { from: 'failing', to: 'healthy' } : undefined
    case 'failure':
      if (health.state === 'healthy') return { from: 'healthy', to: 'failing' }
      return now - health.since >= disableAfterMs ? 'disable' : undefined
  }
}
