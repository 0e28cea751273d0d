import type { WebhookEvent } from '@posthorn/schema'
import { type Handler, type HandlerContext, retryAfterOf } from '../handler'
import type { ResolvedOptions } from '../options'
import { headerLookup } from '../request'
import type { Route } from '../router'
import { about, type Work, type Worked } from './dedupe'
import type { Held } from './lease'
import type { Message } from './parse'
import { pass, refuse, type Stage, stop } from './stage'

/** The event as its handler gets it: checked against the catalogue and brought to the latest version. */
export async function decode(
  { events }: ResolvedOptions,
  event: WebhookEvent,
): Promise<Stage<WebhookEvent>> {
  if (!events) return pass(event)
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
export async function runHandlers(
  handlers: readonly Handler[],
  event: WebhookEvent,
  context: HandlerContext,
  keep: () => void,
): Promise<void> {
  for (const handler of handlers) {
    const running = handler(event, context)
    if (!isThenable(running)) continue
    keep()
    await running
  }
}

/** What happens to a message under its claim. */
export function workOf(options: ResolvedOptions, route: Route): Work {
  return (message, lease) =>
    route.kind === 'known'
      ? handle(options, route.handlers, message, lease)
      : observe(options, route.handler, message, lease)
}

async function handle(
  options: ResolvedOptions,
  handlers: readonly Handler[],
  message: Message,
  lease: Held,
): Promise<Worked> {
  const decoded = await decode(options, message.event)
  if (!decoded.ok) return forget({ ...decoded.refusal, ...about(message) })
  const event = decoded.value
  const failure = await attempt(options, handlers, { ...message, event }, lease)
  if (failure) return forget(failure)
  return { outcome: { kind: 'handled', messageId: message.id, event }, remember: true }
}

async function observe(
  options: ResolvedOptions,
  handler: Handler | undefined,
  message: Message,
  lease: Held,
): Promise<Worked> {
  const failure = handler ? await attempt(options, [handler], message, lease) : undefined
  return forget(failure ?? { kind: 'unknown_type', messageId: message.id, event: message.event })
}

async function attempt(
  options: ResolvedOptions,
  handlers: readonly Handler[],
  message: Message,
  lease: Held,
) {
  try {
    const context = contextOf(options, message, lease)
    await runHandlers(handlers, message.event, context, () => lease.keep())
    return undefined
  } catch (cause) {
    const retryAfterMs = retryAfterOf(cause)
    return retryAfterMs === undefined
      ? refuse('handler_failed', { ...about(message), cause })
      : refuse('handler_retry', { ...about(message), cause, retryAfterMs })
  }
}

function contextOf({ log }: ResolvedOptions, message: Message, lease: Held): HandlerContext {
  const { request, verified } = message
  return {
    messageId: message.id,
    get signal() {
      return lease.signal
    },
    ...(verified.signedAt === undefined ? {} : { signedAt: verified.signedAt }),
    secretIndex: verified.secretIndex,
    ...(verified.secretId === undefined ? {} : { secretId: verified.secretId }),
    headers: headerLookup(request.headers),
    params: request.params ?? {},
    logger: log.logger,
  }
}

function forget(outcome: Worked['outcome']): Worked {
  return { outcome, remember: false }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value
}
