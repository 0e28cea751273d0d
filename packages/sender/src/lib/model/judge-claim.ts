import type { NextState, Progress } from './delivery'
import type { EndpointStatus } from './endpoint'

const mostSoloLosses = 5

/**
 * What becomes of a delivery that is about to be attempted. An endpoint paused after the claim is attempted still.
 *
 * ```
 * delivering ──▶ skipped(disabled)   its endpoint was disabled
 *            ──▶ failed(poison)      it ran alone, and its worker was lost, five times
 *            ──▶ failed(config)      its payload is no longer there
 *            ──▶ attempt             otherwise
 * ```
 */
export function judgeClaim(
  progress: Progress,
  endpointStatus: EndpointStatus,
  bodyPresent: boolean,
): 'attempt' | NextState {
  if (endpointStatus === 'disabled') return { status: 'skipped', reason: 'disabled' }
  if (progress.soloLost >= mostSoloLosses) return { status: 'failed', reason: 'poison' }
  return bodyPresent ? 'attempt' : { status: 'failed', reason: 'config' }
}
