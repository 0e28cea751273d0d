import type { HostTransactions, SenderOptions } from '@posthorn/sender'

export const leaseMs = 3_000

export const workerOptions = {
  network: { development: true },
  timeout: '1s',
  worker: { concurrency: 30, perEndpoint: 10, lease: `${leaseMs}ms`, pollInterval: '200ms' },
} satisfies Omit<SenderOptions<never, HostTransactions>, 'store'>
