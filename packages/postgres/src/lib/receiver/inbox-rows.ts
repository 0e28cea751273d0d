import type {
  DeadInboxFilter,
  DeadInboxTask,
  InboxMessage,
  InboxRecord,
  InboxTask,
} from '@posthorn/receiver'
import {
  bytes,
  flag,
  int,
  isRow,
  oneOf,
  optionalText,
  type Row,
  rows,
  text,
  unexpected,
} from '../values'
import { hashOf } from './rows'

const reasons = ['exhausted', 'lost'] as const

/** A row of texts. */
export function rowOf(value: unknown): Row {
  if (isRow(value)) return value
  throw unexpected('the row')
}

/** A number that came as text. */
export const count = (row: Row, name: string): number => Number(text(row, name))

export function messageOf(row: Row): InboxMessage {
  return {
    key: keyOf(row),
    fingerprint: text(row, 'fingerprint'),
    type: text(row, 'type'),
    body: bytes(row, 'body'),
    facts: JSON.parse(text(row, 'facts')),
  }
}

export function recordOf(row: Row): InboxRecord {
  const tasks: unknown = JSON.parse(text(row, 'tasks'))
  return {
    ...messageOf(row),
    receivedAt: count(row, 'received_at'),
    tasks: rows({ tasks }, 'tasks').map(taskOf),
  }
}

function taskOf(row: Row): InboxTask {
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
      return flag(row, 'running')
        ? { ...facts, state: 'running', leasedUntil: at }
        : { ...facts, state: 'pending', dueAt: at }
  }
}

export function deadOf(row: Row): DeadInboxTask {
  return {
    key: keyOf(row),
    handler: text(row, 'handler'),
    type: text(row, 'type'),
    reason: oneOf(row, 'reason', reasons),
    code: text(row, 'code'),
    attempts: count(row, 'attempts'),
    endedAt: count(row, 'at'),
  }
}

const keyOf = (row: Row) => ({ source: text(row, 'source'), id: text(row, 'id') })

/** Empty where it does not matter. */
export function filterValues(filter: DeadInboxFilter): string[] {
  const { key, source = '', type = '', handler = '', since = '', until = '' } = filter
  const hash = key === undefined ? '' : hashOf(key.source, key.id)
  return [hash, source, type, handler, String(since), String(until)]
}
