import type { ResolvedOptions } from './options'
import type { Received } from './pipeline/parse'
import type { Awaitable } from './ports/idempotency-store'
import type { ReceiveRequest } from './request'
import type { ReceiveOutcome, ReceiveResult } from './result'
import type { Router } from './router'

/** What is done with a verified message. */
export type Take = (message: Received) => Awaitable<ReceiveOutcome>

/** What a receiver is made of, for what is built over one. */
export interface ReceiverParts {
  readonly options: ResolvedOptions
  readonly router: Router
  /** What `receive` does with a message: deduplicates and dispatches. */
  readonly take: Take
  /** `receive`, with another end. */
  answer(request: ReceiveRequest, take: Take): Promise<ReceiveResult>
}

const known = new WeakMap<object, ReceiverParts>()

export function share(receiver: object, parts: ReceiverParts): void {
  known.set(receiver, parts)
}

/** Undefined for anything that `createReceiver` of this copy of the package did not make. */
export function partsOf(receiver: object): ReceiverParts | undefined {
  return known.get(receiver)
}
