import {
  type NetworkOptions,
  resolveNetworkPolicy,
  type UndiciTransportOptions,
  undiciTransport,
} from '../../packages/sender/src/lib/network/index'
import type {
  AttemptOutcome,
  AttemptRequest,
  Transport,
} from '../../packages/sender/src/lib/ports/transport'

/** What a worker would send. Its deadline is far off: a test that waits for one sets its own. */
export function attempt(url: string, changes: Partial<AttemptRequest> = {}): AttemptRequest {
  return {
    url,
    headers: { 'content-type': 'application/json', 'webhook-id': 'evt_1' },
    body: Buffer.from('{"type":"run.completed"}'),
    timeoutMs: 5_000,
    captureBytes: 16_384,
    ...changes,
  }
}

/** A transport that may reach loopback, unless told otherwise. */
export function openTransport(
  network: NetworkOptions = { development: true },
  options: Partial<UndiciTransportOptions> = {},
): Transport {
  return undiciTransport({ policy: resolveNetworkPolicy(network), ...options })
}

export async function timed(
  transport: Transport,
  request: AttemptRequest,
): Promise<{ outcome: AttemptOutcome; tookMs: number }> {
  const began = performance.now()
  const outcome = await transport.send(request)
  return { outcome, tookMs: performance.now() - began }
}

/** Errors that nobody caught since it was called. */
export function watchUncaught(): { readonly seen: unknown[]; stop(): void } {
  const seen: unknown[] = []
  const note = (error: unknown) => {
    seen.push(error)
  }
  process.on('uncaughtException', note).on('unhandledRejection', note)
  return {
    seen,
    stop: () => {
      process.off('uncaughtException', note).off('unhandledRejection', note)
    },
  }
}

/** Waits until it holds, at most for so long. */
export async function until(holds: () => boolean, ms = 1000): Promise<boolean> {
  const end = performance.now() + ms
  while (!holds() && performance.now() < end) await new Promise((wake) => setTimeout(wake, 5))
  return holds()
}
