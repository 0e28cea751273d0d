import type { AttemptRecord } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int, optionalJson, type Row, text } from '../values'

/*
 * Attempts of a batch ask, and are answered, with nearly the same headers, and these are most of what is logged. So what all of them have in
 * common is written once, and with each attempt what is its own.
 */

type Headers = Readonly<Record<string, string>>

/** Values by name: `true` is the id of the message; null where they are not the same for all. */
type Common = ReadonlyMap<string, string | true | null>

/** For fewer a row more is not worth it. */
const fewest = 4

const SHARE = `
  INSERT INTO posthorn_attempt_headers (first_delivery, last_delivery, request, response)
  VALUES (?, ?, ?, ?) RETURNING seq`

/** An attempt of the delivery `seq`; `messageId` null if it is not at hand. */
export interface Logged {
  readonly seq: number
  readonly messageId: string | null
  readonly attempt: AttemptRecord
}

/** How the headers of a batch's attempts are written. */
export interface SharedHeaders {
  /** The row of what they have in common; null if there is none. */
  readonly shared: number | null
  /** JSON of an attempt's own headers; null if it has neither those nor common ones. */
  own(attempt: AttemptRecord, kind: Kind): string | null
}

type Kind = 'requestHeaders' | 'responseHeaders'

/** What is written of headers that are all common. */
export const nothingOwn = '{}'

/** Writes what the headers of some attempts have in common. */
export function shareHeaders(connection: Connection, batch: readonly Logged[]): SharedHeaders {
  const sharing = batch.length >= fewest ? batch : []
  const common = {
    requestHeaders: inCommon(sharing, 'requestHeaders'),
    responseHeaders: inCommon(sharing, 'responseHeaders'),
  }
  const { requestHeaders, responseHeaders } = common
  const isShared = requestHeaders.size + responseHeaders.size > 0
  return {
    shared: isShared ? share(connection, batch, [requestHeaders, responseHeaders]) : null,
    own: (attempt, kind) => ownOf(attempt[kind], common[kind]),
  }
}

/** By the names of the first that has any; empty if they have nothing in common. */
function inCommon(batch: readonly Logged[], kind: Kind): Common {
  const given = batch.filter(({ attempt }) => attempt[kind] !== undefined)
  const common = new Map<string, string | true | null>()
  for (const [name, value] of Object.entries(given[0]?.attempt[kind] ?? {})) {
    if (given.every(({ attempt }) => attempt[kind]?.[name] === value)) common.set(name, value)
    else common.set(name, isMessageId(given, kind, name) ? true : null)
  }
  return [...common.values()].some((value) => value !== null) ? common : new Map()
}

const isMessageId = (given: readonly Logged[], kind: Kind, name: string): boolean =>
  given.every(({ messageId, attempt }) => attempt[kind]?.[name] === messageId)

function share(
  connection: Connection,
  batch: readonly Logged[],
  common: readonly [request: Common, response: Common],
): number {
  const seqs = batch.map(({ seq }) => seq)
  const texts = common.map((values) => JSON.stringify(Object.fromEntries(values)))
  const row = connection.get(SHARE, Math.min(...seqs), Math.max(...seqs), ...texts)
  return int(row ?? {}, 'seq')
}

/** Whatever is common has the same value in all of them. */
function ownOf(headers: Headers | undefined, common: Common): string | null {
  if (headers === undefined) return null
  if (common.size === 0) return JSON.stringify(headers)
  const own = Object.keys(headers).filter((name) => (common.get(name) ?? null) === null)
  if (own.length === 0) return nothingOwn
  return JSON.stringify(Object.fromEntries(own.map((name) => [name, headers[name]])))
}

/** The headers of a row of attempts, from its own column and that of the row it shares. */
export function readHeaders(row: Row, column: string, sharedColumn: string): Headers | undefined {
  const own = optionalJson<Headers>(row, column)
  const shared = optionalJson<Readonly<Record<string, string | true | null>>>(row, sharedColumn)
  if (own === undefined || shared === undefined) return own
  const headers: [string, string][] = []
  for (const [name, value] of Object.entries({ ...shared, ...own })) {
    if (value !== null) headers.push([name, value === true ? text(row, 'message_id') : value])
  }
  return Object.fromEntries(headers)
}
