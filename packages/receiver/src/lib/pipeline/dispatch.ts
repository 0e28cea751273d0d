import type { AnyCatalogue, WebhookEvent } from '@posthorn/schema'
import { after, isThenable } from '../awaitable'
import type { Handler, HandlerContext } from '../handler'
import type { ResolvedOptions } from '../options'
import type { Awaitable } from '../ports/idempotency-store'
import { headerLookup } from '../request'
import type { Refusal } from '../result'
import type { Route } from '../router'
import { contextOf } from './context'
import type { Given } from './host'
import type { Held } from './lease'
import { inOrder } from './order'
import type { Message } from './parse'
import { pass, type Stage, stop } from './stage'
import { about, forget, handlerFailed, type Work, type Worked } from './work'

/** The event as its handler gets it: checked against the catalogue and brought to the latest version. */
export function decode(
  { events }: ResolvedOptions,
  event: WebhookEvent,
): Awaitable<Stage<WebhookEvent>> {
  return events ? check(events, event) : pass(event)
}

async function check(events: AnyCatalogue, event: WebhookEvent): Promise<Stage<WebhookEvent>> {
  try {
    const result = await events.decode(event.type, event.data, event.version)
    if (result.ok) return pass({ ...event, version: events.latest(event.type), data: result.value })
    const code = result.code === 'unsupported_version' ? result.code : 'invalid_data'
    return stop(code, { issues: result.issues })
  } catch (cause) {
    return stop('config', { cause })
  }
}

/** Runs the handlers one after the other; the first that fails ends it. */
export function runHandlers(
  [handler, ...others]: readonly Handler[],
  event: WebhookEvent,
  context: HandlerContext,
  keep: () => void,
): Awaitable<void> {
  if (!handler) return
  const running = handler(event, context)
  if (isThenable(running)) keep()
  return after(running, () => runHandlers(others, event, context, keep))
}

/** What happens to a message under its claim. */
export function workOf(options: ResolvedOptions, route: Route): Work {
  return (message, lease, given) =>
    route.kind === 'known'
      ? handle(options, route.handlers, message, { lease, given })
      : observe(options, route.handler, message, lease)
}

/** What the work is done with. */
interface Means {
  readonly lease: Held
  readonly given: Given
}

function handle(
  options: ResolvedOptions,
  handlers: readonly Handler[],
  message: Message,
  means: Means,
): Awaitable<Worked> {
  return after(decode(options, message.event), (decoded) => {
    if (!decoded.ok) return forget({ ...decoded.refusal, ...about(message) })
    const event = decoded.value
    const checked = { ...message, event }
    const outcome = { kind: 'handled', messageId: message.id, event } as const
    return inOrder(options, checked, means.given, () =>
      after(attempt(options, handlers, checked, means), (failure) =>
        failure ? forget(failure) : { outcome, remember: true },
      ),
    )
  })
}

function observe(
  options: ResolvedOptions,
  handler: Handler | undefined,
  message: Message,
  lease: Held,
): Awaitable<Worked> {
  const { id: messageId, event } = message
  const handlers = handler ? [handler] : []
  return after(attempt(options, handlers, message, { lease, given: {} }), (failure) =>
    forget(failure ?? { kind: 'unknown_type', messageId, event }),
  )
}

/** Answers why a handler failed, if one did. */
function attempt(
  { log, telemetry }: ResolvedOptions,
  handlers: readonly Handler[],
  message: Message,
  { lease, given }: Means,
): Awaitable<Refusal | undefined> {
  const { id: messageId, event, request, verified } = message
  const failed = (cause: unknown) => handlerFailed(message, cause)
  try {
    const headers = headerLookup(request.headers)
    const params = request.params ?? {}
    const facts = { messageId, verified, headers, params, logger: log.logger }
    const context = contextOf(lease, facts, given)
    const run = () => runHandlers(handlers, event, context, () => lease.keep())
    const running = telemetry ? telemetry.process(message, run) : run()
    return isThenable(running) ? running.then(() => undefined, failed) : undefined
  } catch (cause) {
    return failed(cause)
  }
}
