import type { Health } from './endpoint'

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
