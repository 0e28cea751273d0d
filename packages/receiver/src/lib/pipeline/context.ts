import type { HandlerContext } from '../handler'
import type { Logger } from '../ports/logger'
import type { HeaderLookup, Params } from '../request'
import type { Given } from './host'
import type { Held } from './lease'
import type { Verified } from './verify'

/** What a handler is told beside the event. */
export interface Facts {
  readonly messageId: string
  /** Undefined for an event that did not come as a request. */
  readonly verified?: Verified | undefined
  readonly headers: HeaderLookup
  readonly params: Params
  readonly logger: Logger
}

export function contextOf(lease: Held, facts: Facts, given: Given): HandlerContext {
  return Object.assign(new Context(lease, facts), given)
}

class Context implements HandlerContext {
  /** The object's own, so that a handler may spread its context, and made when asked for. One for all: a getter in a literal is slow. */
  static readonly #signal: PropertyDescriptor = {
    enumerable: true,
    get(this: Context) {
      return this.#lease.signal
    },
  }

  declare readonly signal: AbortSignal
  declare readonly signedAt?: number
  declare readonly secretIndex?: number
  declare readonly secretId?: string
  readonly messageId: string
  readonly headers: HeaderLookup
  readonly params: Params
  readonly logger: Logger
  readonly #lease: Held

  constructor(lease: Held, { messageId, verified, headers, params, logger }: Facts) {
    this.#lease = lease
    this.messageId = messageId
    this.headers = headers
    this.params = params
    this.logger = logger
    if (verified) {
      this.secretIndex = verified.secretIndex
      if (verified.signedAt !== undefined) this.signedAt = verified.signedAt
      if (verified.secretId !== undefined) this.secretId = verified.secretId
    }
    Object.defineProperty(this, 'signal', Context.#signal)
  }
}
