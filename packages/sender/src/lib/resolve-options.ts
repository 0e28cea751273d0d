import { hostname } from 'node:os'
import {
  type AnyCatalogue,
  type Duration,
  type Envelope,
  envelopes,
  parseDuration,
} from '@posthorn/schema'
import { type Scheme, schemes } from '@posthorn/schema/signature'
import { systemClock } from './clock'
import type { AttemptRecord } from './model/delivery'
import { type ResolvedRetry, resolveRetry, retrySchedules } from './model/retry-schedule'
import { type NetworkPolicy, resolveNetworkPolicy } from './network/index'
import type { AnySenderOptions } from './options'
import type { Clock } from './ports/clock'
import type { Logger } from './ports/logger'
import type { SenderStore } from './ports/store'
import type { Transport } from './ports/transport'
import { VERSION } from './version'

export interface ResolvedOptions {
  readonly store: SenderStore
  readonly events: AnyCatalogue | undefined
  readonly retry: ResolvedRetry
  readonly timeoutMs: number
  readonly network: NetworkPolicy
  readonly worker: ResolvedWorker
  readonly signing: ResolvedSigning
  readonly health: { readonly disableAfterMs: number; readonly failingShare: number }
  readonly retention: { readonly events?: number; readonly attempts?: number }
  readonly captureBytes: number
  readonly redact: (attempt: AttemptRecord) => AttemptRecord
  readonly userAgent: string
  readonly maxPayloadBytes: number
  readonly logger: Logger
  readonly clock: Clock
  readonly random: () => number
  /** Undefined: the sender makes the undici transport when it first needs one. */
  readonly transport: Transport | undefined
}

export interface ResolvedWorker {
  readonly concurrency: number
  readonly perEndpoint: number
  readonly leaseMs: number
  readonly pollMs: number
  readonly id: string
}

export interface ResolvedSigning {
  readonly schemes: ReadonlyMap<string, Scheme>
  readonly defaultSchemes: readonly string[]
  readonly envelopes: ReadonlyMap<string, Envelope>
  readonly defaultEnvelope: string
}

const known = {
  sender: [
    'store',
    'events',
    'retry',
    'timeout',
    'network',
    'worker',
    'signing',
    'health',
    'retention',
    'capture',
    'redact',
    'userAgent',
    'maxPayloadBytes',
    'logger',
    'clock',
    'random',
    'transport',
  ],
  worker: ['concurrency', 'perEndpoint', 'lease', 'pollInterval', 'id'],
  signing: ['schemes', 'available', 'envelope', 'envelopes'],
  health: ['disableAfter', 'failingShare'],
  retention: ['events', 'attempts'],
}

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Every default of the sender, in one place. Throws `TypeError` naming the option. */
export function resolveOptions(options: AnySenderOptions): ResolvedOptions {
  checkKeys('createSender', options, known.sender)
  checkStore(options.store)
  const timeoutMs = positiveDuration(options.timeout ?? '15s', 'timeout')
  return Object.freeze({
    store: options.store,
    events: options.events,
    retry: resolveRetry(options.retry ?? retrySchedules.standard),
    timeoutMs,
    network: resolveNetworkPolicy(options.network ?? {}),
    worker: resolveWorker(options.worker ?? {}, timeoutMs),
    signing: resolveSigning(options.signing ?? {}),
    health: resolveHealth(options.health ?? {}),
    retention: resolveRetention(options.retention ?? {}),
    captureBytes: integer(options.capture ?? 16_384, 'capture', 0, 1_048_576),
    redact: options.redact ?? ((attempt: AttemptRecord) => attempt),
    userAgent: headerText(options.userAgent ?? `Posthorn/${VERSION}`, 'userAgent'),
    maxPayloadBytes: integer(
      options.maxPayloadBytes ?? 262_144,
      'maxPayloadBytes',
      1,
      64 * 1_048_576,
    ),
    logger: options.logger ?? silent,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    transport: options.transport,
  })
}

function resolveWorker(
  options: NonNullable<AnySenderOptions['worker']>,
  timeoutMs: number,
): ResolvedWorker {
  checkKeys('worker', options, known.worker)
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
    id: options.id ?? `${hostname()}:${process.pid}`,
  })
}

function resolveSigning(options: NonNullable<AnySenderOptions['signing']>): ResolvedSigning {
  checkKeys('signing', options, known.signing)
  const defaults = options.schemes ?? [schemes.standard]
  if (defaults.length === 0) throw new TypeError('signing.schemes must name at least one scheme')
  const all = [...Object.values(schemes), ...(options.available ?? []), ...defaults]
  const envelopeMap = new Map(
    [...Object.values(envelopes), ...(options.envelopes ?? [])].map((envelope) => [
      envelope.name,
      envelope,
    ]),
  )
  const defaultEnvelope = options.envelope ?? 'standard'
  if (!envelopeMap.has(defaultEnvelope)) {
    throw new TypeError(
      `signing.envelope "${defaultEnvelope}" is unknown: give it in signing.envelopes`,
    )
  }
  return Object.freeze({
    schemes: new Map(all.map((scheme) => [scheme.name, scheme])),
    defaultSchemes: defaults.map((scheme) => scheme.name),
    envelopes: envelopeMap,
    defaultEnvelope,
  })
}

function resolveHealth(
  options: NonNullable<AnySenderOptions['health']>,
): ResolvedOptions['health'] {
  checkKeys('health', options, known.health)
  const failingShare = options.failingShare ?? 0.2
  if (!(failingShare > 0 && failingShare <= 1))
    throw new TypeError('health.failingShare must be above 0 and at most 1')
  return Object.freeze({
    disableAfterMs: positiveDuration(options.disableAfter ?? '5d', 'health.disableAfter'),
    failingShare,
  })
}

function resolveRetention(
  options: NonNullable<AnySenderOptions['retention']>,
): ResolvedOptions['retention'] {
  checkKeys('retention', options, known.retention)
  return Object.freeze({
    ...(options.events === undefined
      ? {}
      : { events: positiveDuration(options.events, 'retention.events') }),
    ...(options.attempts === undefined
      ? {}
      : { attempts: positiveDuration(options.attempts, 'retention.attempts') }),
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

/** A misspelt option would otherwise be a default without a word. */
export function checkKeys(where: string, options: object, allowed: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`${where} takes an object of options`)
  for (const key of Object.keys(options)) {
    if (!allowed.includes(key))
      throw new TypeError(`${where}: unknown option "${key}" (known: ${allowed.join(', ')})`)
  }
}

function positiveDuration(value: Duration, name: string): number {
  const ms = parseDuration(value, name)
  if (ms <= 0) throw new TypeError(`${name} must be longer than 0`)
  return ms
}

function integer(value: number, name: string, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new TypeError(`${name} must be a whole number from ${least} to ${most}`)
  }
  return value
}

function headerText(value: string, name: string): string {
  if (!/^[\x20-\x7e]{1,256}$/.test(value))
    throw new TypeError(`${name} must be 1 to 256 printable ASCII characters`)
  return value
}
