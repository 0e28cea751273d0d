import type {
  DeadInboxFilter,
  DeadInboxPosition,
  DeadInboxTask,
  InboxKey,
} from '../ports/inbox-store'
import type { ResolvedInboxOptions } from './options'
import { fail } from './options'

/** A message: its id where the inbox's `source` is a constant; otherwise both. */
export type MessageRef = string | InboxKey

/** Which dead tasks. What is left out does not matter. */
export interface DeadLetterFilter {
  readonly source?: string
  readonly type?: string
  /** In full, as a dead letter has it: `ledger@invoice.paid`. */
  readonly handler?: string
  /** Those that died then or later. */
  readonly since?: Date | string
  /** Those that died before. */
  readonly until?: Date | string
}

export interface DeadLetterPage {
  readonly items: readonly DeadInboxTask[]
  /** Of the next page; absent on the last. */
  readonly cursor?: string
}

export interface DeadLetters {
  /** A page of dead tasks, the latest first. Default `limit` 100. @throws TypeError for a malformed cursor or time. */
  list(
    request?: DeadLetterFilter & { readonly cursor?: string; readonly limit?: number },
  ): Promise<DeadLetterPage>
  /**
   * Has the dead tasks of a message, or all that fit, run once more, with all their attempts. Answers how many; with a filter at most `limit`,
   * by default 10,000.
   *
   * @throws TypeError for a filter that cannot be meant.
   */
  replay(which: MessageRef | (DeadLetterFilter & { readonly limit?: number })): Promise<number>
}

const MAX_PAGE = 1_000
const REPLAY_LIMIT = 10_000

export function deadLetters(inbox: ResolvedInboxOptions): DeadLetters {
  const { store } = inbox
  return {
    async list({ cursor, limit = 100, ...filter } = {}) {
      const most = Math.min(checkedLimit(limit), MAX_PAGE)
      const after = cursor === undefined ? {} : { after: positionOf(cursor) }
      const items = await store.dead({ filter: resolved(filter), ...after, limit: most })
      const last = items.length === most ? items.at(-1) : undefined
      return last ? { items, cursor: cursorOf(last) } : { items }
    },
    async replay(which) {
      if (isMessageRef(which)) return store.revive({ key: keyOf(inbox, which) }, REPLAY_LIMIT)
      const { limit = REPLAY_LIMIT, ...filter } = which
      return store.revive(resolved(filter), checkedLimit(limit))
    },
  }
}

export function keyOf({ constantSource }: ResolvedInboxOptions, ref: MessageRef): InboxKey {
  if (typeof ref !== 'string') return { source: ref.source, id: ref.id }
  if (constantSource !== undefined) return { source: constantSource, id: ref }
  throw new TypeError('inbox: the source is chosen by request, so name a message by { source, id }')
}

function isMessageRef(which: MessageRef | DeadLetterFilter): which is MessageRef {
  return typeof which === 'string' || 'id' in which
}

function resolved({ since, until, ...filter }: DeadLetterFilter): DeadInboxFilter {
  const known = ['source', 'type', 'handler']
  const unknown = Object.keys(filter).find((name) => !known.includes(name))
  if (unknown !== undefined) throw new TypeError(`inbox.deadLetters: '${unknown}' is no filter`)
  return {
    ...filter,
    ...(since === undefined ? {} : { since: timeOf(since, 'since') }),
    ...(until === undefined ? {} : { until: timeOf(until, 'until') }),
  }
}

function timeOf(value: Date | string, name: string): number {
  const time = new Date(value).getTime()
  return Number.isFinite(time) ? time : fail(name, 'must be a Date or ISO 8601')
}

function checkedLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit > 0) return limit
  throw new TypeError('inbox.deadLetters: limit must be a positive integer')
}

function cursorOf({ endedAt, key, handler }: DeadInboxPosition): string {
  const bytes = new TextEncoder().encode(JSON.stringify([endedAt, key.source, key.id, handler]))
  return btoa(String.fromCharCode(...bytes))
}

function positionOf(cursor: string): DeadInboxPosition {
  try {
    const bytes = Uint8Array.from(atob(cursor), (character) => character.charCodeAt(0))
    const position: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (isPosition(position)) {
      const [endedAt, source, id, handler] = position
      return { endedAt, key: { source, id }, handler }
    }
  } catch {
    // Told below.
  }
  throw new TypeError('inbox.deadLetters: this is no cursor of a page')
}

function isPosition(value: unknown): value is [number, string, string, string] {
  if (!Array.isArray(value) || value.length !== 4) return false
  return Number.isFinite(value[0]) && value.slice(1).every((item) => typeof item === 'string')
}
