import { WebhookError } from '@posthorn/schema'
import type { Clock } from '../ports/clock'
import type {
  ClaimKey,
  ClaimRef,
  ClaimResult,
  IdempotencyPruneRequest,
  IdempotencyStore,
} from '../ports/idempotency-store'
import { dropWhere, nameOf as named } from './entries'

/** How long a claim whose lease ran out is kept, so that its handler can still complete it. */
const ABANDONED_AFTER_MS = 86_400_000
const DEFAULT_MAX_ENTRIES = 100_000

export interface MemoryIdempotencyOptions {
  /**
   * Most claims and records kept together; default 100,000 (about 20 MB). When full, the records completed longest ago go first, then claims
   * whose lease ran out; a live claim never goes: when all are live, `claim` throws `store_busy`.
   */
  readonly maxEntries?: number
  /** Default: the receiver's. */
  readonly clock?: Clock
}

interface Claimed {
  readonly fingerprint: string
  readonly token: string
  leaseUntil: number
}

interface Done {
  readonly fingerprint: string
  readonly keepUntil: number
}

/**
 * Remembers in this process only: for tests, and for a single process whose handlers may run again after a restart.
 *
 * @throws TypeError when `maxEntries` is not a positive integer.
 */
export function memoryIdempotency(options: MemoryIdempotencyOptions = {}): IdempotencyStore {
  return new MemoryIdempotency(options)
}

class MemoryIdempotency implements IdempotencyStore {
  readonly host = { kind: 'none' } as const
  readonly #maxEntries: number
  readonly #claims = new Map<string, Claimed>()
  /** In the order of completion: the oldest is first. */
  readonly #records = new Map<string, Done>()
  #clock: Clock | undefined
  #tokens = 0
  #closed = false

  constructor(options: MemoryIdempotencyOptions) {
    const maxEntries = options.maxEntries ?? DEFAULT_MAX_ENTRIES
    if (!Number.isSafeInteger(maxEntries) || maxEntries < 1) {
      throw new TypeError('memoryIdempotency: maxEntries must be a positive integer')
    }
    this.#maxEntries = maxEntries
    this.#clock = options.clock
  }

  useClock(clock: Clock): void {
    this.#clock ??= clock
  }

  claim(key: ClaimKey, fingerprint: string, leaseMs: number): ClaimResult {
    const now = this.#now()
    const name = nameOf(key)
    const known = this.#known(name, now)
    if (known)
      return known.fingerprint === fingerprint ? stateOf(known, now) : { state: 'mismatch' }
    this.#records.delete(name)
    this.#makeRoom(name, now)
    this.#tokens += 1
    const token = String(this.#tokens)
    this.#claims.set(name, { fingerprint, token, leaseUntil: now + leaseMs })
    return { state: 'acquired', token }
  }

  renew(claim: ClaimRef, leaseMs: number): boolean {
    const now = this.#now()
    const held = this.#held(claim)
    if (held) held.leaseUntil = now + leaseMs
    return held !== undefined
  }

  complete(claim: ClaimRef, retainMs: number): boolean {
    const now = this.#now()
    const held = this.#held(claim)
    if (!held) return false
    const name = nameOf(claim)
    this.#claims.delete(name)
    this.#records.set(name, { fingerprint: held.fingerprint, keepUntil: now + retainMs })
    return true
  }

  release(claim: ClaimRef): boolean {
    this.#now()
    return this.#held(claim) !== undefined && this.#claims.delete(nameOf(claim))
  }

  prune({ limit }: IdempotencyPruneRequest): number {
    const now = this.#now()
    const over = dropWhere(this.#records, limit, (record) => record.keepUntil <= now)
    const isAbandoned = (claim: Claimed) => claim.leaseUntil + ABANDONED_AFTER_MS <= now
    return over + dropWhere(this.#claims, limit - over, isAbandoned)
  }

  close(): void {
    this.#closed = true
    this.#claims.clear()
    this.#records.clear()
  }

  #now(): number {
    if (this.#closed) {
      throw new WebhookError('store_closed', 'The idempotency store is closed; open a new one.')
    }
    return this.#clock?.now() ?? Date.now()
  }

  #known(name: string, now: number): Claimed | Done | undefined {
    const claim = this.#claims.get(name)
    if (claim && claim.leaseUntil > now) return claim
    const record = this.#records.get(name)
    return record && record.keepUntil > now ? record : undefined
  }

  #held(claim: ClaimRef): Claimed | undefined {
    const held = this.#claims.get(nameOf(claim))
    return held?.token === claim.token ? held : undefined
  }

  #makeRoom(name: string, now: number): void {
    if (this.#claims.has(name) || this.#hasRoom()) return
    dropWhere(this.#records, 1, () => true)
    if (this.#hasRoom()) return
    dropWhere(this.#claims, Infinity, (claim) => claim.leaseUntil <= now)
    if (this.#hasRoom()) return
    throw new WebhookError(
      'store_busy',
      `All ${this.#maxEntries} entries of the memory store are being handled; raise maxEntries.`,
    )
  }

  #hasRoom(): boolean {
    return this.#claims.size + this.#records.size < this.#maxEntries
  }
}

function stateOf(known: Claimed | Done, now: number): ClaimResult {
  if ('keepUntil' in known) return { state: 'done' }
  return { state: 'in_flight', retryInMs: known.leaseUntil - now }
}

const nameOf = ({ source, id }: ClaimKey): string => named(source, id)
