import { WebhookError } from '@posthorn/schema'
import type { ResolvedClaims } from '../idempotency-options'
import type { ResolvedOptions } from '../options'
import type { ClaimRef } from '../ports/idempotency-store'
import { whileBusy } from '../while-busy'
import type { Completion } from './host'

/** What a handler sees of its claim. */
export interface Held {
  /** Aborted when the claim may be another's. */
  readonly signal: AbortSignal
  /** Begins to renew the claim; called once a handler turns out not to be done at once. */
  keep(): void
}

/** Without idempotency nothing can be lost. */
export class NoLease implements Held {
  #controller: AbortController | undefined

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }

  keep(): void {}
}

/**
 * A claim while its handler runs: renewed at a third of its length, so that two renewals may fail before it ends. `lost` once the store said
 * so, or once the lease must have ended by our clock without a renewal.
 */
export class Lease implements Held {
  readonly #options: ResolvedOptions
  readonly #idempotency: ResolvedClaims
  readonly #claim: ClaimRef
  #controller: AbortController | undefined
  #lost: WebhookError | undefined
  #stopped: AbortController | undefined
  #heldUntil: number

  constructor(
    options: ResolvedOptions,
    idempotency: ResolvedClaims,
    claim: ClaimRef,
    askedAt: number,
  ) {
    this.#options = options
    this.#idempotency = idempotency
    this.#claim = claim
    this.#heldUntil = askedAt + idempotency.leaseMs
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#lost) this.#controller.abort(this.#lost)
    }
    return this.#controller.signal
  }

  get lost(): boolean {
    return this.#lost !== undefined
  }

  get completion(): Completion {
    return { claim: this.#claim, retainMs: this.#idempotency.retentionMs }
  }

  keep(): void {
    if (this.#stopped) return
    this.#stopped = new AbortController()
    void this.#renewUntil(this.#stopped.signal)
  }

  stop(): void {
    this.#stopped?.abort()
  }

  async complete(): Promise<boolean> {
    const { store, retentionMs } = this.#idempotency
    return whileBusy(this.#options.clock, () => store.complete(this.#claim, retentionMs))
  }

  async release(): Promise<boolean> {
    return this.#idempotency.store.release(this.#claim)
  }

  async #renewUntil(stopped: AbortSignal): Promise<void> {
    const { clock } = this.#options
    const { leaseMs } = this.#idempotency
    while (!stopped.aborted && !this.lost) {
      await clock.sleep(Math.ceil(leaseMs / 3), stopped)
      if (stopped.aborted) return
      const askedAt = clock.now()
      const kept = await this.#renew(stopped)
      if (stopped.aborted) return
      if (kept === true) this.#heldUntil = askedAt + leaseMs
      if (kept === false || clock.now() >= this.#heldUntil) this.#lose()
    }
  }

  /** True or false as the store says; something else when it failed, or hung until the lease ended. */
  async #renew(stopped: AbortSignal): Promise<unknown> {
    const { clock, log } = this.#options
    const { store, leaseMs } = this.#idempotency
    const answered = new AbortController()
    const ended = AbortSignal.any([stopped, answered.signal])
    const timeout = clock.sleep(this.#heldUntil - clock.now(), ended)
    try {
      return await Promise.race([store.renew(this.#claim, leaseMs), timeout])
    } catch (err) {
      log.warn({ err, messageId: this.#claim.id }, 'Claim not renewed; trying again.')
      return undefined
    } finally {
      answered.abort()
    }
  }

  #lose(): void {
    this.#lost = new WebhookError(
      'lease_lost',
      'The claim on this message ended before its handler did.',
    )
    this.#controller?.abort(this.#lost)
  }
}
