import {
  type AnyCatalogue,
  type EventOf,
  type EventTypeOf,
  envelopes,
  WebhookError,
  type WebhookEvent,
} from '@posthorn/schema'
import { isThenable } from './awaitable'
import type { Handler, HandlerContext } from './handler'
import type { ContextOf, IdempotencyOptions } from './idempotency-options'
import { type ReceiverOptions, type ResolvedOptions, resolveOptions } from './options'
import { contextOf } from './pipeline/context'
import { once } from './pipeline/dedupe'
import { decode, runHandlers, workOf } from './pipeline/dispatch'
import { CommitWorkFailed, type Given, inHost } from './pipeline/host'
import { NoLease } from './pipeline/lease'
import { checkHead, readBody } from './pipeline/limit'
import { type Message, parse } from './pipeline/parse'
import { reply } from './pipeline/reply'
import { onward, refuse } from './pipeline/stage'
import { verify } from './pipeline/verify'
import type { Awaitable, IdempotencyPruneRequest } from './ports/idempotency-store'
import { headerLookup, type ReceiveRequest } from './request'
import type { ReceiveOutcome, ReceiveResult, Refusal } from './result'
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
   * but neither verified nor deduplicated; in transactional mode within a transaction. Answers whether a handler took it.
   *
   * @throws WebhookError `invalid_envelope`, `invalid_data`, `unsupported_version`; or whatever the handler threw.
   */
  dispatch(event: DispatchEvent): Promise<{ readonly handled: boolean }>
  /** Prepares the idempotency store, if it needs that. May be repeated. */
  migrate(): Promise<void>
  /** Drops what the idempotency store need not remember any more; answers how many records. Default `limit` 10,000. */
  prune(request?: Partial<IdempotencyPruneRequest>): Promise<number>
  /** Closes the idempotency store. */
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
  const store = resolved.idempotency?.store
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
    receive: (request) => answer(resolved, router, request),
    dispatch: (event) => dispatch(resolved, router, event),
    migrate: async () => store?.migrate?.(),
    prune: async ({ limit = PRUNE_LIMIT } = {}) => (await store?.prune?.({ limit })) ?? 0,
    close: async () => store?.close?.(),
  }
  return receiver
}

async function answer(
  options: ResolvedOptions,
  router: Router,
  request: ReceiveRequest,
): Promise<ReceiveResult> {
  let outcome: Awaitable<ReceiveOutcome>
  try {
    outcome = receive(options, router, request)
    if (isThenable(outcome)) outcome = await outcome
  } catch (cause) {
    outcome = refuse('config', { cause })
  }
  if (outcome.kind === 'refused') options.log.refused(outcome)
  return reply(outcome, request.method)
}

function receive(
  options: ResolvedOptions,
  router: Router,
  request: ReceiveRequest,
): Awaitable<ReceiveOutcome> {
  const head = checkHead(request, options.maxBodyBytes)
  if (!head.ok) return head.refusal
  return onward(readBody(request.body, options.maxBodyBytes), (bytes) =>
    onward(verify(options, request, bytes), (verified) =>
      onward(parse(options, request, verified), (message) => handle(options, router, message)),
    ),
  )
}

function handle(
  options: ResolvedOptions,
  router: Router,
  message: Message,
): Awaitable<ReceiveOutcome> {
  const { id, event } = message
  const route = router.route(event.type)
  if (route.kind === 'unknown' && !route.handler) {
    return { kind: 'unknown_type', messageId: id, event }
  }
  return once(options, message, workOf(options, route))
}

async function dispatch(
  options: ResolvedOptions,
  router: Router,
  input: DispatchEvent,
): Promise<{ readonly handled: boolean }> {
  const read = envelopes.standard.decode(input)
  if (!read.ok) throw rejected(refuse('invalid_envelope', { issues: read.issues }))
  const route = router.route(read.event.type)
  if (route.kind === 'unknown') {
    await route.handler?.(read.event, dispatchContext(options, read.event, {}))
    return { handled: false }
  }
  const decoded = await decode(options, read.event)
  if (!decoded.ok) throw rejected(decoded.refusal)
  const host = options.idempotency?.host
  const run = async (given: Given) => {
    const context = dispatchContext(options, read.event, given)
    return runHandlers(route.handlers, decoded.value, context, () => {})
  }
  try {
    await (host ? inHost(host, run) : run({}))
  } catch (error) {
    throw error instanceof CommitWorkFailed ? error.cause : error
  }
  return { handled: true }
}

function dispatchContext(
  { log: { logger } }: ResolvedOptions,
  event: WebhookEvent,
  given: Given,
): HandlerContext {
  const facts = { messageId: event.id, headers: headerLookup({}), params: {}, logger }
  return contextOf(new NoLease(), facts, given)
}

function rejected({ code, cause, issues }: Refusal): WebhookError {
  return new WebhookError(code, 'The event cannot be dispatched: it does not fit the catalogue.', {
    ...(cause === undefined ? {} : { cause }),
    ...(issues === undefined ? {} : { details: { issues } }),
  })
}
