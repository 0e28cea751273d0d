/** Ages in milliseconds by the store's clock; absent keeps for ever. */
export interface PruneRequest {
  /** Payloads and idempotency keys of events recorded longer ago than this are dropped. */
  readonly events?: number
  /** Attempts, and finished deliveries, older than this are dropped, and then events that have neither payload nor delivery. */
  readonly attempts?: number
  /** Most rows of each kind to touch in one call. */
  readonly limit: number
}

export interface Pruned {
  readonly payloads: number
  readonly attempts: number
  readonly deliveries: number
  readonly events: number
}

/**
 * Drops what is old.
 *
 * Laws: nothing that an unfinished delivery or a recorded event needs is ever dropped, nor a failed delivery that blocks its line, nor what
 * a replay of it needs; a replay of a pruned payload is refused, not sent empty; repeated calls come to an end with all counts 0.
 */
export interface Retention {
  prune(request: PruneRequest): Promise<Pruned>
}
