import {
  type AnyCatalogue,
  type Duration,
  type EventOf,
  type EventTypeOf,
  parseDuration,
} from '@posthorn/schema'
import type { Handler } from '../handler'
import type { InboxRecord, InboxStatistics } from '../ports/inbox-store'
import type { Receiver } from '../receiver'
import { partsOf } from '../receiver-parts'
import type { ReceiveRequest } from '../request'
import type { ReceiveResult } from '../result'
import { accept } from './accept'
import { type DeadLetters, deadLetters, keyOf, type MessageRef } from './dead-letters'
import { InboxHandlers } from './handlers'
import {
  fail,
  type InboxContext,
  type InboxContextOf,
  type InboxOptions,
  resolveInboxOptions,
} from './options'
import { type DrainOptions, type InboxCounts, InboxWorker } from './worker'

/** What tells several handlers of one type apart. */
export interface NamedHandler {
  /** 1 to 64 letters, digits, `.`, `_` and `-`. It is stored: keep it. Default `'main'`. */
  readonly name?: string
}

export interface InboxPruneOptions {
  /** Messages received so long ago. Default `'7d'`: keep them longer than the sender retries, or a late copy is handled again. */
  readonly olderThan?: Duration
  /** Most messages to drop in one call. Default 10,000. */
  readonly limit?: number
  /** Whether messages with dead tasks go as well. Default false. */
  readonly dead?: boolean
}

export interface Inbox<
  Catalogue extends AnyCatalogue = AnyCatalogue,
  Context extends InboxContext = InboxContext,
> {
  /**
   * A handler of one type, beside those of the receiver. Each has a task of its own for each message, and is tried again alone.
   * A message is for the handlers that there are when it comes.
   *
   * @throws TypeError when the type has a handler of that name, or is not in the catalogue.
   */
  on<Type extends EventTypeOf<Catalogue>>(
    type: Type,
    handler: Handler<EventOf<Catalogue, Type>, Context>,
    options?: NamedHandler,
  ): Inbox<Catalogue, Context>
  /** A handler of every event of the catalogue. */
  onAny(
    handler: Handler<EventOf<Catalogue>, Context>,
    options?: NamedHandler,
  ): Inbox<Catalogue, Context>
  /**
   * Has events that no other handler takes kept, too, and handled by this one: unchecked, and in no transaction. Without it they are
   * the receiver's: acknowledged with 204, shown to its `onUnknown`, not kept.
   */
  onUnknown(
    handler: Handler<Parameters<Handler>[0], InboxContext>,
    options?: NamedHandler,
  ): Inbox<Catalogue, Context>
  /**
   * Verifies a request as the receiver does, and answers 202 once the message is kept; 200 `duplicate` when it was before; 422 `id_reused` for
   * other bytes under its id; 503 when the store fails. Never rejects. Every framework's adapter takes an inbox.
   */
  receive(request: ReceiveRequest): Promise<ReceiveResult>
  /** Runs handlers from now on, in this process, as their tasks fall due. It keeps the process alive. May be repeated. */
  start(): void
  /**
   * Begins no further task, and waits for those under way. After `timeout`, by default `'20s'`, their `context.signal` is aborted; a task whose
   * handler then fails is given back, one whose handler goes on is held until it ends or the process does.
   */
  stop(options?: { readonly timeout?: Duration }): Promise<void>
  /** Runs what is due, and what falls due meanwhile, then resolves: for a cron job, a serverless function, a test. @throws WebhookError of the store. */
  drain(options?: DrainOptions): Promise<InboxCounts>
  readonly deadLetters: DeadLetters
  /** A message with what became of it; undefined when it is not kept. */
  get(message: MessageRef): Promise<InboxRecord | undefined>
  /** What is not done. */
  statistics(): Promise<InboxStatistics>
  /** Drops old messages that have no task left to do; answers how many. */
  prune(options?: InboxPruneOptions): Promise<number>
  /** Prepares the stores of the inbox and of its receiver. May be repeated. */
  migrate(): Promise<void>
  /** Stops, then closes the stores of the inbox and of its receiver. */
  close(): Promise<void>
}

const PRUNE_LIMIT = 10_000
const RETENTION = '7d'
const STOP_TIMEOUT = '20s'

/**
 * Puts an inbox behind a receiver: what is verified is stored, answered with 202, and handled afterwards, by the receiver's handlers and by the
 * inbox's own. Does no I/O.
 *
 * @throws TypeError for options that cannot be meant, and for a receiver with `idempotency` of its own: the inbox is what deduplicates.
 * @example
 * const receiver = createReceiver({ events, secrets: fromEnv('WEBHOOK_SECRET'), idempotency: 'none' })
 * const inbox = createInbox(receiver, { store: sqliteInbox(db), source: 'billing' })
 * inbox.on('invoice.paid', async (event, context) => { … })
 * app.post('/webhooks', toExpress(inbox))
 * inbox.start()
 */
export function createInbox<Catalogue extends AnyCatalogue, Options extends InboxOptions>(
  receiver: Receiver<Catalogue>,
  options: Options,
): Inbox<Catalogue, InboxContextOf<Options>> {
  const parts = partsOf(receiver)
  if (!parts) return fail('receiver', 'must be what createReceiver made')
  if (parts.options.idempotency) {
    return fail('receiver', `must have idempotency: 'none', as the inbox deduplicates`)
  }
  const resolved = resolveInboxOptions(options, parts.options)
  const handlers = new InboxHandlers(parts.options.events, parts.router)
  const worker = new InboxWorker(parts, resolved, handlers)
  const { store } = resolved
  const acceptance = { parts, inbox: resolved, handlers, accepted: () => worker.wake() }
  const stop = ({ timeout = STOP_TIMEOUT }: { readonly timeout?: Duration } = {}) =>
    worker.stop(parseDuration(timeout, 'timeout'))
  const inbox: Inbox<Catalogue, InboxContextOf<Options>> = {
    ...registering(handlers, () => inbox),
    receive: (request) => parts.answer(request, (message) => accept(acceptance, message)),
    start: () => worker.start(),
    stop,
    drain: (request = {}) => worker.drain(request),
    deadLetters: deadLetters(resolved),
    get: async (message) => store.get(keyOf(resolved, message)),
    statistics: async () => store.statistics(),
    prune: async ({ olderThan = RETENTION, limit = PRUNE_LIMIT, dead = false } = {}) =>
      store.prune({ olderThanMs: parseDuration(olderThan, 'olderThan'), limit, dead }),
    async migrate() {
      await receiver.migrate()
      await store.migrate?.()
    },
    async close() {
      await stop()
      await store.close?.()
      await receiver.close()
    },
  }
  return inbox
}

function registering<Result>(handlers: InboxHandlers, inbox: () => Result) {
  return {
    on(type: string, handler: unknown, { name }: NamedHandler = {}) {
      handlers.on(type, handler, name)
      return inbox()
    },
    onAny(handler: unknown, { name }: NamedHandler = {}) {
      handlers.onAny(handler, name)
      return inbox()
    },
    onUnknown(handler: unknown, { name }: NamedHandler = {}) {
      handlers.onUnknown(handler, name)
      return inbox()
    },
  }
}
