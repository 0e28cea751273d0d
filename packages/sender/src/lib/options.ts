import type { AnyCatalogue, Duration, Envelope } from '@posthorn/schema'
import type { Scheme } from '@posthorn/schema/signature'
import type { VerificationMethod } from './model/consent'
import type { AttemptRecord } from './model/delivery'
import type { RetryOptions } from './model/retry-schedule'
import type { NetworkOptions } from './network/index'
import type { OperationsOptions } from './operations/types'
import type { Clock } from './ports/clock'
import type { Logger } from './ports/logger'
import type { HostTransactions, SenderStore } from './ports/store'
import type { Transport } from './ports/transport'
import type { SecretKey } from './secrets/keys'
import type { TelemetryOptions } from './telemetry/options'

/** Options of `createSender`. Only `store` is required; a bad option is a `TypeError` at construction. */
export interface SenderOptions<
  Catalogue = never,
  Host extends HostTransactions = HostTransactions,
> {
  /** Where events, deliveries and endpoints live. Required: never silently in memory. */
  readonly store: SenderStore<Host>
  /** The event catalogue that types and validates what is sent. Without one, any type and any JSON data is accepted. */
  readonly events?: Catalogue
  /** When a delivery is tried again. Default: `retrySchedules.standard`, 10 attempts over 75 h 35 min. */
  readonly retry?: RetryOptions
  /** One deadline for an attempt, from DNS to the final headers. Default `'15s'`. */
  readonly timeout?: Duration
  /** Which addresses may be dialled. Default: public ones, over https. */
  readonly network?: NetworkOptions
  readonly worker?: WorkerOptions
  readonly signing?: SigningOptions
  readonly health?: HealthOptions
  /**
   * Heeds the response header `webhook-delivery`: `disable` disables the endpoint (reason `requested`), `abort-message` ends the delivery
   * (reason `aborted`). Default false.
   */
  readonly responseDirectives?: boolean
  readonly verification?: VerificationOptions
  /** Tells an operations endpoint of the host's what happens to deliveries and endpoints. Default: nobody is told. */
  readonly operations?: OperationsOptions
  /** Ages after which `prune()` drops payloads and logs. Default: kept for ever. */
  readonly retention?: RetentionOptions
  /** Bytes of each response body that are kept with its attempt. Default 16,384. */
  readonly capture?: number
  /**
   * Last word on an attempt before it is stored, for instance to blank a response body. When it throws, or answers no attempt, the response
   * is not kept.
   */
  readonly redact?: (attempt: AttemptRecord) => AttemptRecord
  /** `User-Agent` of each request. Default `Posthorn/<version>`. */
  readonly userAgent?: string
  /** Largest serialised event, in bytes. Default 262,144. */
  readonly maxPayloadBytes?: number
  /**
   * Encrypts secrets at rest (AES-256-GCM): the first key encrypts, all decrypt. After a change of the first, call `reencrypt`. Default: none, and
   * secrets are stored as they are.
   */
  readonly keys?: readonly SecretKey[]
  /** Structured logger; pino fits. What it throws is ignored. Default: silent. */
  readonly logger?: Logger
  /** Traces and metrics by OpenTelemetry. Default: none, and nothing of it is loaded. */
  readonly telemetry?: TelemetryOptions
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /** Uniform in [0, 1), for jitter. Default `Math.random`. */
  readonly random?: () => number
  /** How an attempt is made; closed by `stop`. Default: undici, behind the address guard. */
  readonly transport?: Transport
}

/** How much a worker takes on at once, and for how long. */
export interface WorkerOptions {
  /** Attempts in flight at once. Default 100. */
  readonly concurrency?: number
  /** Deliveries claimed and not settled at once per endpoint, over all workers of the store: so the most attempts, too. Default 10. */
  readonly perEndpoint?: number
  /** How long a worker owns what it claimed. At least twice the longest timeout. Default `'45s'`. */
  readonly lease?: Duration
  /** How often the store is asked for work that nothing announced. Default `'1s'`. */
  readonly pollInterval?: Duration
  /** Names this worker in each line of the log. Default: host name and process id. */
  readonly id?: string
}

/** How requests are signed and laid out, unless an endpoint says otherwise. */
export interface SigningOptions {
  /** Schemes that sign each request of an endpoint that names none. Default `[schemes.standard]`. */
  readonly schemes?: readonly Scheme[]
  /** Further schemes that endpoints may name. */
  readonly available?: readonly Scheme[]
  /** Envelope of an endpoint that names none: `'standard'`, `'raw'` or one of `envelopes`. Default `'standard'`. */
  readonly envelope?: string
  /** Further envelopes that endpoints may name. */
  readonly envelopes?: readonly Envelope[]
}

/** When an endpoint that fails is probed, and when it is disabled. */
export interface HealthOptions {
  /** An endpoint that failed for so long without one success is disabled. Default `'5d'`. */
  readonly disableAfter?: Duration
  /** An endpoint that failed for so long without one success is probed from then on: one attempt at a time. Default `'30s'`. */
  readonly probeAfter?: Duration
  /** Longest wait between two probes; shorter while the endpoint has not failed for long. Default `'5m'`. */
  readonly probeInterval?: Duration
  /** Share of the slots that failing endpoints may use together. Default 0.2. */
  readonly failingShare?: number
}

/** How endpoints are asked for their consent, before the first event. */
export interface VerificationOptions {
  /**
   * The host's name, such as `'events.example.com'`: what the `OPTIONS` handshake of CloudEvents asks with (`WebHook-Request-Origin`). Each
   * delivery then has it as `Origin`, as CloudEvents demands.
   */
  readonly origin?: string
  /** Requests per minute to ask for (`WebHook-Request-Rate`). Default: none are named. */
  readonly rate?: number
  /**
   * Every new endpoint, and every endpoint whose URL changes or, under `'options'`, whose rate limit is raised, is disabled (`unverified`) until
   * `endpoints.verify` finds its consent by this method. Default: only those created with `verify`.
   */
  readonly required?: VerificationMethod
}

/** Ages after which `prune()` drops what is old; what is not given is kept for ever. */
export interface RetentionOptions {
  /** Payloads and idempotency keys of older events are dropped: they can be neither replayed nor recovered. */
  readonly events?: Duration
  /** Older attempts and finished deliveries are dropped, and then events that have neither payload nor delivery. */
  readonly attempts?: Duration
}

export type AnySenderOptions = SenderOptions<AnyCatalogue, HostTransactions>
