/** Every default of the receiver. */
export const defaults = Object.freeze({
  tolerance: '5m',
  maxBodyBytes: 1_048_576,
  lease: '30s',
  retention: '7d',
  concurrency: 5,
} as const)
