import {
  type AnyCatalogue,
  schemes as builtIn,
  type Duration,
  type Envelope,
  type EventOf,
  envelopes,
  parseDuration,
  type Scheme,
  type WebhookError,
} from '@posthorn/schema'
import { type Chooser, chooser, fail } from './check'
import { systemClock } from './clock'
import { defaults } from './defaults'
import {
  type IdempotencyOptions,
  type ResolvedIdempotency,
  resolveIdempotency,
} from './idempotency-options'
import { type Log, safeLog } from './log'
import { type OrderOptions, type ResolvedOrder, resolveOrder } from './order/options'
import type { Clock } from './ports/clock'
import type { Logger } from './ports/logger'
import type { RefusalCode } from './result'
import { type SecretLookup, type SecretProvider, type Secrets, secretLookup } from './secrets'
import type { TelemetryOptions } from './telemetry/options'
import { createTelemetry, type Telemetry } from './telemetry/telemetry'

/** What `onError` is told beside the error. */
export interface ErrorInfo {
  readonly code: RefusalCode
  readonly status: number
  readonly messageId?: string
  readonly type?: string
}

export interface ReceiverOptions<
  Catalogue extends AnyCatalogue = AnyCatalogue,
  Idempotency extends IdempotencyOptions | 'none' = IdempotencyOptions | 'none',
> {
  /** Types the handlers, validates the data, upcasts older versions. Without it data arrives as `unknown`, unchecked. */
  readonly events?: Catalogue
  /** One secret, several, or a provider (`fromEnv`, or an own one). */
  readonly secrets: Secrets | SecretProvider
  /** Required, so that nobody forgets it by accident. `'none'` runs a handler for every copy of a message that arrives. */
  readonly idempotency: Idempotency
  /** Has older events skipped that come after a newer one of their key. They are acknowledged, and their handlers do not run. */
  readonly order?: OrderOptions<EventOf<Catalogue>>
  /** Default `schemes.standard`. */
  readonly scheme?: Scheme
  /**
   * In place of `scheme`: any of these may have signed. The headers a sender chose do not choose the scheme, so the weakest of them decides
   * how hard a request is to forge or to play again.
   */
  readonly schemes?: readonly Scheme[]
  /** How a body is laid out. Default `envelopes.standard`. */
  readonly envelope?: Envelope
  /** The type of every event, for envelopes that carry none. */
  readonly type?: string | Chooser
  /** How far the signed time may be from ours, both ways unless told apart. Default `'5m'`. */
  readonly tolerance?: Duration | { readonly past?: Duration; readonly future?: Duration }
  /** Longest body, in bytes. Default 1,048,576 (1 MiB; Posthorn's sender sends at most 256 KiB). */
  readonly maxBodyBytes?: number
  /** Traces and metrics by OpenTelemetry. Default: none. */
  readonly telemetry?: TelemetryOptions
  /** Default: the machine's. */
  readonly clock?: Clock
  /** Default: `console`, for warnings and errors only. */
  readonly logger?: Logger
  /** Told of every request that was refused, also by the sender's fault. Never changes the reply. */
  readonly onError?: (error: WebhookError, info: ErrorInfo) => void
}

export interface ResolvedOptions {
  readonly events: AnyCatalogue | undefined
  readonly secrets: SecretLookup
  readonly idempotency: ResolvedIdempotency | undefined
  readonly order: ResolvedOrder | undefined
  readonly schemes: readonly Scheme[]
  readonly envelope: Envelope
  readonly type: Chooser | undefined
  /** Seconds. */
  readonly tolerance: { readonly past: number; readonly future: number }
  readonly maxBodyBytes: number
  readonly clock: Clock
  readonly log: Log
  readonly telemetry: Telemetry | undefined
}

const names: ReadonlySet<string> = new Set([
  ...['events', 'secrets', 'idempotency', 'scheme', 'schemes', 'envelope', 'type', 'tolerance'],
  ...['maxBodyBytes', 'clock', 'logger', 'onError', 'order', 'telemetry'],
])

/** @throws TypeError for any option that cannot be meant. */
export function resolveOptions(options: ReceiverOptions): ResolvedOptions {
  if (typeof options !== 'object' || options === null) fail('options', 'must be an object')
  for (const name of Object.keys(options)) if (!names.has(name)) fail(name, 'is not an option')
  const clock = options.clock ?? systemClock
  const schemes = resolveSchemes(options)
  const { secrets } = options
  const idempotency = resolveIdempotency(options.idempotency, clock)
  if (secrets === undefined) fail('secrets', `is required, as fromEnv('WEBHOOK_SECRET')`)
  const { events, telemetry } = options
  const log = safeLog(options.logger, options.onError)
  return Object.freeze({
    events,
    secrets: secretLookup(secrets, schemes),
    idempotency,
    order: resolveOrder(options.order, idempotency, clock),
    schemes,
    envelope: options.envelope ?? envelopes.standard,
    type: options.type === undefined ? undefined : chooser(options.type, 'type'),
    tolerance: resolveTolerance(options.tolerance ?? defaults.tolerance),
    maxBodyBytes: resolveLimit(options.maxBodyBytes ?? defaults.maxBodyBytes),
    clock,
    log,
    telemetry: telemetry && createTelemetry(telemetry, { clock, log, events }),
  })
}

function resolveSchemes({ scheme, schemes }: ReceiverOptions): readonly Scheme[] {
  if (scheme && schemes) fail('schemes', 'is given in place of scheme, not beside it')
  const list = schemes ?? [scheme ?? builtIn.standard]
  if (!Array.isArray(list) || list.length === 0) fail('schemes', 'must name at least one')
  if (!list.every(isScheme)) fail('schemes', 'must hold schemes, as schemes.standard')
  return Object.freeze([...list])
}

function isScheme(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'verify' in value && 'covers' in value
}

function resolveTolerance(
  tolerance: NonNullable<ReceiverOptions['tolerance']>,
): ResolvedOptions['tolerance'] {
  const both = typeof tolerance === 'string' ? { past: tolerance, future: tolerance } : tolerance
  return Object.freeze({
    past: parseDuration(both.past ?? defaults.tolerance, 'tolerance.past') / 1_000,
    future: parseDuration(both.future ?? defaults.tolerance, 'tolerance.future') / 1_000,
  })
}

function resolveLimit(maxBodyBytes: number): number {
  if (Number.isSafeInteger(maxBodyBytes) && maxBodyBytes > 0) return maxBodyBytes
  return fail('maxBodyBytes', 'must be a positive integer')
}
