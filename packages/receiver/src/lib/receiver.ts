import type { AnyCatalogue, EventOf, EventTypeOf } from '@posthorn/schema'
import { isThenable } from './awaitable'
import type { Handler, HandlerContext } from './handler'
import type { ContextOf, IdempotencyOptions } from './idempotency-options'
import { type ReceiverOptions, type ResolvedOptions, resolveOptions } from './options'
import { once } from './pipeline/dedupe'
import { type Dispatched, dispatchEvent } from './pipeline/direct'
import { workOf } from './pipeline/dispatch'
import { readBody } from './pipeline/limit'
import { parse, type Received } from './pipeline/parse'
import { reply } from './pipeline/reply'
import { refuse } from './pipeline/stage'
import { verify } from './pipeline/verify'
import type { Awaitable, IdempotencyPruneRequest } from './ports/idempotency-store'
import { share, type Take } from './receiver-parts'
import type { Params, ReceiveRequest } from './request'
import type { ReceiveOutcome, ReceiveResult } from './result'
import { Router } from './router'

const PRUNE_LIMIT = 10_000

/** An event as a log, a poll or a test has it: as on the wire, its data not yet checked or upcast. */
export interface DispatchEvent<Type extends string = string, Data = unknown> {
  readonly id: string
  readonly type: Type
  /** ISO 8601 with a zone. */
  readonly timestamp: string
  /** Absent means 1. */
  readonly version?: number
  readonly data: Data
}

export interface Receiver<
  Catalogue extends AnyCatalogue = AnyCatalogue,
  Context extends HandlerContext = HandlerContext,
> {
  /**
   * The handler of one type. Its event has the latest version's data. Handlers of a message run one after the other, this one first.
   *
   * @throws TypeError when the type has a handler already, or is not in the catalogue.
   */
  on<Type extends EventTypeOf<Catalogue>>(
    type: Type,
    handler: Handler<EventOf<Catalogue, Type>, Context>,
  ): Receiver<Catalogue, Context>
  /** A handler of every event of the catalogue, after its type's own. @throws TypeError for a second one. */
  onAny(handler: Handler<EventOf<Catalogue>, Context>): Receiver<Catalogue, Context>
  /**
   * Sees what no other handler takes, unchecked. Such an event is acknowledged with 204 and not remembered, so that a replay runs once a
   * handler is there; when this one throws, the sender tries again. It is in no transaction. @throws TypeError for a second one.
   */
  onUnknown(handler: Handler): Receiver<Catalogue, Context>
  /** Verifies, deduplicates, dispatches. Never rejects: whatever happens is a result. */
  receive(request: ReceiveRequest): Promise<ReceiveResult>
  /**
   * Brings an event that is trusted already, polled or replayed by hand, to the same handlers: checked against the catalogue and upcast,
   * but neither verified nor deduplicated; in transactional mode within a transaction. `params` is what the handlers get as such.
   *
   * @throws WebhookError `invalid_envelope`, `invalid_data`, `unsupported_version`; `config`, `store_unavailable` of the option `order`; or
   * whatever the handler threw.
   */
  dispatch(event: DispatchEvent, options?: { readonly params?: Params }): Promise<Dispatched>
  /** Prepares the stores, where they need that. May be repeated. */
  migrate(): Promise<void>
  /** Drops what the stores need not remember any more; answers how many records. Default `limit` 10,000, for each store. */
  prune(request?: Partial<IdempotencyPruneRequest>): Promise<number>
  /** Closes the stores. */
  close(): Promise<void>
}

/**
 * Makes a receiver. Does no I/O.
 *
 * @throws TypeError for options that cannot be meant: no secret, no decision about idempotency, a bad duration.
 * @example
 * const receiver = createReceiver({
 *   events,
 *   secrets: fromEnv('WEBHOOK_SECRET'),
 *   idempotency: { store: sqliteIdempotency(db), source: 'billing' },
 * })
 * receiver.on('run.completed', async (event, context) => { … })
 * app.post('/webhooks', toExpress(receiver))
 */
export function createReceiver<
  Catalogue extends AnyCatalogue = AnyCatalogue,
  Idempotency extends IdempotencyOptions | 'none' = IdempotencyOptions | 'none',
>(options: ReceiverOptions<Catalogue, Idempotency>): Receiver<Catalogue, ContextOf<Idempotency>> {
  const resolved = resolveOptions(options)
  const router = new Router(resolved.events)
  const take = (message: Received) => handle(resolved, router, message)
  const receiver: Receiver<Catalogue, ContextOf<Idempotency>> = {
    on: (type, handler) => {
      router.on(type, handler)
      return receiver
    },
    onAny: (handler) => {
      router.onAny(handler)
      return receiver
    },
    onUnknown: (handler) => {
      router.onUnknown(handler)
      return receiver
    },
    receive: (request) => answer(resolved, request, take),
    dispatch: (event, { params = {} } = {}) => dispatchEvent(resolved, router, event, params),
    ...upkeepOf(resolved),
  }
  share(receiver, {
    options: resolved,
    router,
    take,
    answer: (request, instead) => answer(resolved, request, instead),
  })
  return receiver
}

function upkeepOf({
  idempotency,
  order,
}: ResolvedOptions): Pick<Receiver, 'migrate' | 'prune' | 'close'> {
  const unchangedForMs = order?.retentionMs
  return {
    async migrate() {
      await idempotency?.store.migrate?.()
      await order?.store.migrate?.()
    },
    async prune({ limit = PRUNE_LIMIT } = {}) {
      const records = (await idempotency?.store.prune?.({ limit })) ?? 0
      if (unchangedForMs === undefined) return records
      return records + ((await order?.store.prune?.({ limit, unchangedForMs })) ?? 0)
    },
    async close() {
      await idempotency?.store.close?.()
      await order?.store.close?.()
    },
  }
}

async function answer(
  options: ResolvedOptions,
  request: ReceiveRequest,
  take: Take,
): Promise<ReceiveResult> {
  const watch = options.telemetry?.watch()
  const toEnd: Take = watch ? (message) => watch.taken(message, take) : take
  let outcome: Awaitable<ReceiveOutcome>
  try {
    // One stage after the other, in one function: each promise between them is a turn of the queue, for every request.
    let body = readBody(request, options.maxBodyBytes)
    if (isThenable(body)) body = await body
    let verified = body.ok ? verify(options, request, body.value) : body
    if (isThenable(verified)) verified = await verified
    let received = verified.ok ? parse(options, request, verified.value) : verified
    if (isThenable(received)) received = await received
    outcome = received.ok ? toEnd(received.value) : received.refusal
    if (isThenable(outcome)) outcome = await outcome
  } catch (cause) {
    outcome = refuse('config', { cause })
  }
  if (outcome.kind === 'refused') options.log.refused(outcome)
  else if (outcome.kind === 'stale') options.log.stale(outcome, options.order?.onStale)
  else if (outcome.kind === 'unknown_type') options.log.unknown(outcome)
  watch?.answered(outcome)
  return reply(outcome, request.method)
}

function handle(
  options: ResolvedOptions,
  router: Router,
  message: Received,
): Awaitable<ReceiveOutcome> {
  const { id, event } = message
  const route = router.route(event.type)
  if (route.kind === 'unknown' && !route.handler) {
    return { kind: 'unknown_type', messageId: id, event }
  }
  return once(options, message, workOf(options, route))
}
