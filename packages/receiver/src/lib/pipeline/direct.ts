import { envelopes, WebhookError, type WebhookEvent } from '@posthorn/schema'
import type { ResolvedOptions } from '../options'
import type { Params } from '../request'
import type { ReceiveOutcome, Refusal } from '../result'
import type { Route, Router } from '../router'
import { workOf } from './dispatch'
import { CommitWorkFailed, type Given, inHost, RolledBack } from './host'
import { NoLease } from './lease'
import { refuse } from './stage'

/** What came of an event that was dispatched. */
export interface Dispatched {
  /** Whether a handler took it. */
  readonly handled: boolean
  /** With the option `order`: an event of the same key that is as new was handled before. */
  readonly stale?: true
}

/** Brings an event that no request carried to the handlers. */
export async function dispatchEvent(
  options: ResolvedOptions,
  router: Router,
  input: unknown,
  params: Params,
): Promise<Dispatched> {
  const read = envelopes.standard.decode(input)
  if (!read.ok) throw rejected(refuse('invalid_envelope', { issues: read.issues }))
  const route = router.route(read.event.type)
  const outcome = await workOn(options, route, read.event, params)
  if (outcome.kind === 'stale') {
    options.log.stale(outcome, options.order?.onStale)
    return { handled: false, stale: true }
  }
  if (outcome.kind !== 'refused') return { handled: outcome.kind === 'handled' }
  const { code, cause } = outcome
  throw code === 'handler_failed' || code === 'handler_retry' ? cause : rejected(outcome)
}

async function workOn(
  options: ResolvedOptions,
  route: Route,
  event: WebhookEvent,
  params: Params,
): Promise<ReceiveOutcome> {
  const request = { headers: {}, body: new Uint8Array(), params }
  const message = { id: event.id, event, request, verified: undefined }
  const work = workOf(options, route)
  const host = route.kind === 'known' ? options.idempotency?.host : undefined
  if (!host) return (await work(message, new NoLease(), {})).outcome
  const run = async (given: Given) => {
    const { outcome, remember } = await work(message, new NoLease(), given)
    if (!remember) throw new RolledBack(outcome)
    return outcome
  }
  try {
    return await inHost(host, run)
  } catch (error) {
    if (error instanceof RolledBack) return error.outcome
    throw error instanceof CommitWorkFailed ? error.cause : error
  }
}

function rejected({ code, cause, issues }: Refusal): WebhookError {
  return new WebhookError(code, messageOf(code), {
    ...(cause === undefined ? {} : { cause }),
    ...(issues === undefined ? {} : { details: { issues } }),
  })
}

function messageOf(code: Refusal['code']): string {
  if (code === 'store_unavailable') return 'The event cannot be dispatched: the order store failed.'
  if (code === 'config') return 'The event cannot be dispatched: an option of the receiver failed.'
  return 'The event cannot be dispatched: it does not fit the catalogue.'
}
