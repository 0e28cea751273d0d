import { hostname } from 'node:os'
import type { AnyCatalogue } from '@posthorn/schema'
import { checkKeys, flag, integer, methods, positiveDuration, printable } from './check-options'
import { systemClock } from './clock'
import { guardedLogger, silentLogger } from './guarded-logger'
import type { AttemptRecord } from './model/delivery'
import type { HealthPolicy } from './model/health'
import { type ResolvedRetry, resolveRetry, retrySchedules } from './model/retry-schedule'
import { type NetworkPolicy, resolveNetworkPolicy } from './network/index'
import { type ResolvedOperations, resolveOperations } from './operations/resolve'
import type {
  AnySenderOptions,
  HealthOptions,
  RetentionOptions,
  SenderOptions,
  VerificationOptions,
  WorkerOptions,
} from './options'
import type { Clock } from './ports/clock'
import type { Logger } from './ports/logger'
import type { SenderStore } from './ports/store'
import type { Transport } from './ports/transport'
import { type ResolvedSigning, resolveSigning } from './resolve-signing'
import { resolveVerification } from './resolve-verification'
import { resolveKeys } from './secrets/keys'
import type { SealingKey } from './secrets/sealing-key'
import { type ResolvedTelemetry, resolveTelemetry } from './telemetry/resolve'
import { VERSION } from './version'

export interface ResolvedOptions {
  readonly store: SenderStore
  readonly events: AnyCatalogue | undefined
  readonly retry: ResolvedRetry
  readonly timeoutMs: number
  readonly network: NetworkPolicy
  /** Private ranges are open: what is blocked, refused and silent in them must read the same to a tenant. */
  readonly concealsTargets: boolean
  readonly worker: ResolvedWorker
  readonly signing: ResolvedSigning
  readonly health: ResolvedHealth
  readonly responseDirectives: boolean
  readonly verification: VerificationOptions
  readonly operations: ResolvedOperations | undefined
  readonly retention: { readonly events?: number; readonly attempts?: number }
  readonly captureBytes: number
  readonly redact: (attempt: AttemptRecord) => AttemptRecord
  readonly userAgent: string
  readonly maxPayloadBytes: number
  /** The first seals; none: secrets are stored as they are. */
  readonly keys: readonly SealingKey[]
  readonly logger: Logger
  readonly telemetry: ResolvedTelemetry | undefined
  readonly clock: Clock
  readonly random: () => number
  /** Undefined: the sender makes the undici transport when it first needs one. */
  readonly transport: Transport | undefined
}

export interface ResolvedHealth extends HealthPolicy {
  readonly failingShare: number
}

export interface ResolvedWorker {
  readonly concurrency: number
  readonly perEndpoint: number
  readonly leaseMs: number
  readonly pollMs: number
}

const known = [
  'store',
  'events',
  'retry',
  'timeout',
  'network',
  'worker',
  'signing',
  'health',
  'responseDirectives',
  'verification',
  'operations',
  'retention',
  'capture',
  'redact',
  'userAgent',
  'maxPayloadBytes',
  'keys',
  'logger',
  'telemetry',
  'clock',
  'random',
  'transport',
] satisfies (keyof SenderOptions<never, never>)[]

const largestPayload = 64 * 1_048_576

/** Every default of the sender, in one place. Throws `TypeError` naming the option. */
export function resolveOptions(options: AnySenderOptions): ResolvedOptions {
  checkKeys('createSender', options, known)
  checkStore(options.store)
  const network = resolveNetworkPolicy(options.network ?? {})
  const timeoutMs = positiveDuration(options.timeout ?? '15s', 'timeout')
  const parts = resolveParts(options)
  return Object.freeze({
    store: options.store,
    retry: resolveRetry(options.retry ?? retrySchedules.standard),
    timeoutMs,
    network,
    concealsTargets: network.allowAddresses.length > 0 && !network.development,
    worker: resolveWorker(options.worker ?? {}, timeoutMs),
    signing: resolveSigning(options.signing ?? {}),
    health: resolveHealth(options.health ?? {}),
    responseDirectives: flag(options.responseDirectives ?? false, 'responseDirectives'),
    verification: resolveVerification(options.verification ?? {}),
    operations: resolveOperations(options.operations),
    retention: resolveRetention(options.retention ?? {}),
    captureBytes: integer(options.capture ?? 16_384, 'capture', 0, 1_048_576),
    userAgent: printable(options.userAgent ?? `Posthorn/${VERSION}`, 'userAgent'),
    maxPayloadBytes: integer(
      options.maxPayloadBytes ?? 262_144,
      'maxPayloadBytes',
      1,
      largestPayload,
    ),
    ...parts,
    keys: resolveKeys(options.keys, { clock: parts.clock, timeoutMs }),
  })
}

/** What enters from outside. */
function resolveParts(options: AnySenderOptions) {
  const { events, transport, logger } = options
  const id = printable(options.worker?.id ?? `${hostname()}:${process.pid}`, 'worker.id')
  return {
    events: optional(events, 'events', ['has', 'latest', 'definition', 'validate']),
    transport: optional(transport, 'transport', ['send', 'close']),
    clock: methods(options.clock ?? systemClock, 'clock', ['now', 'sleep']),
    logger:
      logger === undefined
        ? silentLogger
        : guardedLogger(methods(logger, 'logger', ['debug', 'info', 'warn', 'error']), id),
    telemetry: resolveTelemetry(options.telemetry),
    redact: callable(options.redact ?? ((attempt: AttemptRecord) => attempt), 'redact'),
    random: callable(options.random ?? Math.random, 'random'),
  }
}

function optional<Value extends object>(
  value: Value | undefined,
  name: string,
  needed: readonly (keyof Value & string)[],
): Value | undefined {
  return value === undefined ? undefined : methods(value, name, needed)
}

function callable<Value>(value: Value, name: string): Value {
  if (typeof value === 'function') return value
  throw new TypeError(`${name} must be a function`)
}

function resolveWorker(options: WorkerOptions, timeoutMs: number): ResolvedWorker {
  checkKeys('worker', options, ['concurrency', 'perEndpoint', 'lease', 'pollInterval', 'id'])
  const leaseMs = positiveDuration(options.lease ?? '45s', 'worker.lease')
  if (leaseMs < 2 * timeoutMs) {
    throw new TypeError(
      'worker.lease must be at least twice `timeout`: raise the lease or lower the timeout',
    )
  }
  return Object.freeze({
    concurrency: integer(options.concurrency ?? 100, 'worker.concurrency', 1, 10_000),
    perEndpoint: integer(options.perEndpoint ?? 10, 'worker.perEndpoint', 1, 10_000),
    leaseMs,
    pollMs: positiveDuration(options.pollInterval ?? '1s', 'worker.pollInterval'),
  })
}

function resolveHealth(options: HealthOptions): ResolvedHealth {
  checkKeys('health', options, ['disableAfter', 'probeAfter', 'probeInterval', 'failingShare'])
  const failingShare = options.failingShare ?? 0.2
  if (typeof failingShare !== 'number' || !(failingShare > 0 && failingShare <= 1))
    throw new TypeError('health.failingShare must be a number above 0 and at most 1')
  return Object.freeze({
    disableAfterMs: positiveDuration(options.disableAfter ?? '5d', 'health.disableAfter'),
    probeAfterMs: positiveDuration(options.probeAfter ?? '30s', 'health.probeAfter'),
    probeIntervalMs: positiveDuration(options.probeInterval ?? '5m', 'health.probeInterval'),
    failingShare,
  })
}

function resolveRetention(options: RetentionOptions): ResolvedOptions['retention'] {
  checkKeys('retention', options, ['events', 'attempts'])
  const { events, attempts } = options
  return Object.freeze({
    ...(events === undefined ? {} : { events: positiveDuration(events, 'retention.events') }),
    ...(attempts === undefined
      ? {}
      : { attempts: positiveDuration(attempts, 'retention.attempts') }),
  })
}

function checkStore(store: SenderStore | undefined): void {
  if (
    typeof store !== 'object' ||
    store === null ||
    typeof store.deliveries?.claim !== 'function'
  ) {
    throw new TypeError(
      'createSender needs a `store`: sqliteStore(await openSqlite(path)) from @posthorn/sqlite/sender, or memoryStore() from @posthorn/sender/memory for tests',
    )
  }
}
