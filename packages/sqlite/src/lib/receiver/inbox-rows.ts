import type {
  DeadInboxFilter,
  DeadInboxPosition,
  DeadInboxTask,
  InboxMessage,
  InboxTask,
} from '@posthorn/receiver'
import type { SqliteValue } from '../sqlite-like'
import { blob, int, isNull, json, oneOf, optionalText, type Row, text } from '../values'

const reasons = ['exhausted', 'lost'] as const

export function messageOf(row: Row): InboxMessage {
  return {
    key: keyOf(row),
    fingerprint: text(row, 'fingerprint'),
    type: text(row, 'type'),
    body: blob(row, 'body'),
    facts: json(row, 'facts'),
  }
}

export function taskOf(row: Row, now: number): InboxTask {
  const code = optionalText(row, 'code')
  const facts = {
    handler: text(row, 'handler'),
    attempts: int(row, 'attempts'),
    ...(code === undefined ? {} : { code }),
  }
  const at = int(row, 'at')
  switch (oneOf(row, 'state', ['pending', 'done', 'dead'])) {
    case 'done':
      return { ...facts, state: 'done', endedAt: at }
    case 'dead':
      return { ...facts, state: 'dead', reason: oneOf(row, 'reason', reasons), endedAt: at }
    case 'pending':
      return isNull(row, 'token') || at <= now
        ? { ...facts, state: 'pending', dueAt: at }
        : { ...facts, state: 'running', leasedUntil: at }
  }
}

export function deadOf(row: Row): DeadInboxTask {
  return {
    key: keyOf(row),
    handler: text(row, 'handler'),
    type: text(row, 'type'),
    reason: oneOf(row, 'reason', reasons),
    code: text(row, 'code'),
    attempts: int(row, 'attempts'),
    endedAt: int(row, 'at'),
  }
}

const keyOf = (row: Row) => ({ source: text(row, 'source'), id: text(row, 'id') })

/** Of dead tasks `t` and their messages `m`. */
export interface Condition {
  readonly sql: string
  readonly values: readonly SqliteValue[]
}

export function conditionOf(filter: DeadInboxFilter, after?: DeadInboxPosition): Condition {
  const { key, source = key?.source, type, handler, since, until } = filter
  const parts: readonly (readonly [string, ...SqliteValue[]] | undefined)[] = [
    source === undefined ? undefined : ['m.source = ?', source],
    key === undefined ? undefined : ['m.id = ?', key.id],
    type === undefined ? undefined : ['m.type = ?', type],
    handler === undefined ? undefined : ['t.handler = ?', handler],
    since === undefined ? undefined : ['t.at >= ?', since],
    until === undefined ? undefined : ['t.at < ?', until],
    after === undefined ? undefined : beyond(after),
  ]
  const given = parts.filter((part) => part !== undefined)
  const sql = ["t.state = 'dead'", ...given.map(([condition]) => condition)].join(' AND ')
  return { sql, values: given.flatMap(([, ...values]) => values) }
}

function beyond({ endedAt, key, handler }: DeadInboxPosition): readonly [string, ...SqliteValue[]] {
  const sql = '(t.at < ? OR t.at = ? AND (m.source, m.id, t.handler) > (?, ?, ?))'
  return [sql, endedAt, endedAt, key.source, key.id, handler]
}
