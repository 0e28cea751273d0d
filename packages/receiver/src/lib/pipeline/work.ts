import { retryAfterOf } from '../handler'
import type { Awaitable } from '../ports/idempotency-store'
import type { ReceiveOutcome, Refusal } from '../result'
import type { Given } from './host'
import type { Held } from './lease'
import type { Message } from './parse'
import { refuse } from './stage'

/** What the work under a claim came to, and whether it is to be remembered. */
export interface Worked {
  readonly outcome: ReceiveOutcome
  readonly remember: boolean
}

export type Work = (message: Message, lease: Held, given: Given) => Awaitable<Worked>

export function forget(outcome: Worked['outcome']): Worked {
  return { outcome, remember: false }
}

export function about(message: Message): { readonly messageId: string; readonly type: string } {
  return { messageId: message.id, type: message.event.type }
}

/** The refusal that an error of the handler's makes. */
export function handlerFailed(message: Message, cause: unknown): Refusal {
  const retryAfterMs = retryAfterOf(cause)
  return retryAfterMs === undefined
    ? refuse('handler_failed', { ...about(message), cause })
    : refuse('handler_retry', { ...about(message), cause, retryAfterMs })
}
