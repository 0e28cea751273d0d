import { textKey } from '../key'
import type { ResolvedOptions } from '../options'
import type { ResolvedOrder } from '../order/options'
import { comparable } from '../order/version'
import type { Awaitable } from '../ports/idempotency-store'
import type { OrderKey } from '../ports/order-store'
import { whileBusy } from '../while-busy'
import { type Given, RolledBack } from './host'
import type { Message } from './parse'
import { refuse } from './stage'
import { about, forget, type Worked } from './work'

/** Where an event stands among those of its key. */
interface Place {
  readonly key: OrderKey
  readonly version: string
}

/** An event whose handlers are about to run. */
interface Entrant {
  readonly options: ResolvedOptions
  readonly order: ResolvedOrder
  readonly message: Message
  readonly given: Given
}

/** Runs the handlers, unless an event of the same key that is as new was handled. */
export function inOrder(
  options: ResolvedOptions,
  message: Message,
  given: Given,
  run: () => Awaitable<Worked>,
): Awaitable<Worked> {
  const { order } = options
  return order ? guarded({ options, order, message, given }, run) : run()
}

async function guarded(entrant: Entrant, run: () => Awaitable<Worked>): Promise<Worked> {
  const { order, message } = entrant
  let place: Place | undefined
  try {
    place = await placeOf(order, message)
  } catch (cause) {
    return forget(refuse('config', { ...about(message), cause }))
  }
  if (!place) return run()
  try {
    if (!(await enters(entrant, place))) return { outcome: staleOf(message), remember: true }
  } catch (cause) {
    return unavailable(message, cause)
  }
  const worked = await run()
  return worked.remember ? leave(entrant, place, worked) : worked
}

async function placeOf(order: ResolvedOrder, message: Message): Promise<Place | undefined> {
  const { event, request } = message
  const key = await order.key(event)
  if (key === undefined) return undefined
  const source = await order.source(request)
  return {
    key: {
      source: await textKey(source, 'order.source'),
      key: await textKey(key, 'order.key'),
    },
    version: comparable(await order.version(event)),
  }
}

/**
 * Where handlers have a transaction, the version is raised in it: at once where transactions await, which has others on the key wait for its
 * end; with the handler's writes, before them, where they are synchronous. Elsewhere it is only looked at.
 */
async function enters({ order, message, given }: Entrant, place: Place): Promise<boolean> {
  const { store } = order
  const { key, version } = place
  if ('tx' in given && store.host?.kind === 'async') {
    return store.host.advance(key, version, given.tx)
  }
  const isNewer = await store.isNewer(key, version)
  if (isNewer && 'onCommit' in given) given.onCommit((tx) => overtake(order, message, place, tx))
  return isNewer
}

function overtake({ store }: ResolvedOrder, message: Message, place: Place, tx: unknown): void {
  if (store.host?.kind !== 'sync') return
  let raised: boolean
  try {
    raised = store.host.advance(place.key, place.version, tx)
  } catch (cause) {
    throw new RolledBack(refuse('store_unavailable', { ...about(message), cause }))
  }
  if (!raised) throw new RolledBack(staleOf(message))
}

/** Another may have raised it meanwhile: this event was handled all the same. */
async function leave(
  { options, order, message, given }: Entrant,
  { key, version }: Place,
  worked: Worked,
): Promise<Worked> {
  if ('tx' in given || 'onCommit' in given) return worked
  try {
    await whileBusy(options.clock, () => order.store.advance(key, version))
    return worked
  } catch (cause) {
    return unavailable(message, cause)
  }
}

function staleOf({ id: messageId, event }: Message) {
  return { kind: 'stale', messageId, event } as const
}

function unavailable(message: Message, cause: unknown): Worked {
  return forget(refuse('store_unavailable', { ...about(message), cause }))
}
