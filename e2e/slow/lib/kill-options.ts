/** How long the storm's workers hold what they took. */
export const leaseMs = 3_000

/** The storm's senders, those in its processes included. */
export const killOptions = {
  network: { development: true },
  timeout: '1s',
  worker: { concurrency: 30, perEndpoint: 10, lease: `${leaseMs}ms`, pollInterval: '200ms' },
} as const
