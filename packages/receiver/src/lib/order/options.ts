import type { Duration, WebhookEvent } from '@posthorn/schema'
import { type Chooser, chooser, fail, positive } from '../check'
import type { ResolvedIdempotency } from '../idempotency-options'
import type { Clock } from '../ports/clock'
import type { Awaitable } from '../ports/idempotency-store'
import type { OrderStore } from '../ports/order-store'

/** What makes an event older than one that was handled. */
export interface OrderOptions<Event = WebhookEvent> {
  /** In transactional mode: of the same database as the idempotency store. */
  readonly store: OrderStore
  /**
   * Whose versions these are, as `order:42`: what the events are about. Undefined for an event that has no place in an order. Asked about
   * the event as its handler gets it.
   */
  key(event: Event): Awaitable<string | undefined>
  /**
   * Higher for later events of a key; an event whose version is not higher than the highest one handled is stale. Integers (also as text, of up
   * to 255 digits) compare by value; RFC 3339 times with a zone by moment; other text, up to 255 printable ASCII characters, by character
   * codes. Always give the same kind.
   */
  version(event: Event): Awaitable<number | bigint | string>
  /** Whose keys these are. Default: that of the idempotency; without one `'default'`. */
  readonly source?: string | Chooser
  /**
   * After how long without a new version `receiver.prune()` forgets a key; an older event is then handled again. Default: never. Not for a store that
   * forgets by itself, as `redisOrder` does.
   */
  readonly retention?: Duration
  /** Told of every stale event. Never changes the reply. */
  onStale?(event: Event, info: { readonly messageId: string }): unknown
}

export interface ResolvedOrder {
  readonly store: OrderStore
  readonly key: OrderOptions['key']
  readonly version: OrderOptions['version']
  readonly source: Chooser
  readonly retentionMs: number | undefined
  readonly onStale: OrderOptions['onStale']
}

/** @throws TypeError for any option that cannot be meant. */
export function resolveOrder(
  options: OrderOptions | undefined,
  idempotency: ResolvedIdempotency | undefined,
  clock: Clock,
): ResolvedOrder | undefined {
  if (options === undefined) return undefined
  if (typeof options !== 'object' || options === null) fail('order', 'must be an object')
  const { store, source, retention } = options
  if (!isOrderStore(store)) fail('order.store', 'must be an order store, as postgresOrder(…)')
  for (const name of ['key', 'version'] as const) {
    if (typeof options[name] !== 'function')
      fail(`order.${name}`, 'must be a function of the event')
  }
  checkHost(store, idempotency)
  if (retention !== undefined && !store.prune) {
    fail('order.retention', 'is not for a store that forgets by itself; tell the store')
  }
  store.useClock?.(clock)
  return Object.freeze({
    store,
    key: (event) => options.key(event),
    version: (event) => options.version(event),
    source:
      source === undefined
        ? (idempotency?.source ?? (() => 'default'))
        : chooser(source, 'order.source'),
    retentionMs: retention === undefined ? undefined : positive(retention, 'order.retention'),
    onStale: (event, info) => options.onStale?.(event, info),
  } satisfies ResolvedOrder)
}

/** A version that does not commit with the handler's writes would be no guard, and nobody would notice. */
function checkHost(store: OrderStore, idempotency: ResolvedIdempotency | undefined): void {
  const wanted = idempotency?.host?.kind
  if (wanted === undefined || wanted === store.host?.kind) return
  fail('order.store', 'must be of the same database as idempotency.store, in transactional mode')
}

function isOrderStore(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return 'isNewer' in value && 'advance' in value
}
