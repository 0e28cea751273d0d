import type {
  ClaimedEvent,
  EventClaim,
  EventClaimRequest,
  EventVerdict,
  FanOut,
  InsertedEvent,
  NewEvent,
} from '@posthorn/sender'
import { outdated } from '@posthorn/sender/store'
import { type Argument, Bytes, type Cell, rows, scalar } from '../columns'
import type { Database } from '../database'
import { type Row, text, unexpected } from '../values'
import { bodyOf, count } from './answers'
import { FanOuts, inOrder, wantedOf } from './new-events'

export async function insertEvents(
  database: Database,
  events: readonly NewEvent[],
): Promise<readonly InsertedEvent[]> {
  if (events.length === 0) return []
  const order = eventOrder(events)
  const answer = await database.callWith('insert_events', eventColumns(events, order))
  return insertedIn(answer, events, order)
}

/** The order in which events are written. */
export const eventOrder = (events: readonly NewEvent[]): readonly number[] => inOrder(events, keyOf)

const keyOf = ({ tenantId, idempotencyKey, id }: NewEvent): string =>
  `${tenantId} ${idempotencyKey ?? id}`

/** What `insert_events` answered of events in that order: one for each, when not all of them were written. */
export function insertedIn(
  answer: unknown,
  events: readonly NewEvent[],
  order: readonly number[],
): readonly InsertedEvent[] {
  const answers = answersIn(answer)
  const result = events.map(
    ({ id, fanOut }): InsertedEvent => ({
      eventId: id,
      duplicate: false,
      deliveries: wantedOf(fanOut),
    }),
  )
  if (answers.length > 0)
    for (const [row, place] of order.entries())
      result[place] = answers[row] ?? outdated(events[place] ?? missing())
  return result
}

function answersIn(answers: unknown): readonly (InsertedEvent | null)[] {
  if (!Array.isArray(answers)) throw unexpected('answers')
  return answers.map((answer: unknown) => {
    if (answer === null) return null
    if (!Array.isArray(answer)) throw unexpected('answers')
    const [eventId, duplicate, deliveries]: readonly unknown[] = answer
    if (typeof eventId !== 'string' || typeof duplicate !== 'boolean') throw unexpected('answers')
    if (typeof deliveries !== 'number') throw unexpected('answers')
    return { eventId, duplicate, deliveries }
  })
}

/** Deliveries go in the order of recording, which is that of the events given. */
export function eventColumns(
  events: readonly NewEvent[],
  order: readonly number[],
): readonly Argument[] {
  const bytes = new Bytes()
  const fanOuts = new FanOuts(bytes)
  const marks = new Marks()
  const cells = order.map((turn) => {
    const event = events[turn] ?? missing()
    return [...eventCells(event, turn, bytes), marks.placeOf(event)]
  })
  const places = new Map(order.map((turn, index) => [turn, index + 1]))
  for (const [turn, { fanOut }] of events.entries()) fanOuts.add(places.get(turn) ?? 0, fanOut)
  const recorded = events.filter(({ fanOut }) => fanOut === undefined).length
  return [rows(cells), ...fanOuts.rows, scalar(recorded), rows(marks.rows)]
}

/** Each mark once: the database compares it once. */
class Marks {
  readonly rows: (readonly [tenantId: string, mark: string])[] = []
  readonly #places = new Map<string, number>()

  /** From 1; undefined where the event has none. */
  placeOf({ tenantId, mark }: NewEvent): number | undefined {
    if (mark === undefined) return undefined
    const key = `${tenantId} ${mark}`
    const known = this.#places.get(key)
    if (known !== undefined) return known
    const place = this.rows.push([tenantId, mark])
    this.#places.set(key, place)
    return place
  }
}

function eventCells(event: NewEvent, turn: number, bytes: Bytes): readonly Cell[] {
  return [
    event.tenantId,
    event.id,
    event.orderingKey,
    event.type,
    event.version,
    Math.round(event.timestamp),
    event.idempotencyKey,
    JSON.stringify(event.metadata),
    event.fanOut === undefined ? 'recorded' : 'fanned_out',
    wantedOf(event.fanOut),
    turn + 1,
    ...bytes.add(event.body),
  ]
}

function missing(): never {
  throw unexpected('events')
}

export async function claimEvents(
  database: Database,
  request: EventClaimRequest,
): Promise<EventClaim> {
  const { limit, leaseMs } = request
  const terms = [scalar(limit), scalar(Math.round(leaseMs))]
  const rows = await database.select('claim_events', terms)
  const last = rows.at(-1)
  if (last === undefined) throw unexpected('claim_events')
  return { now: count(last, 'now'), events: rows.slice(0, -1).map(toClaimed) }
}

const toClaimed = (row: Row): ClaimedEvent => ({
  tenantId: text(row, 'tenant'),
  id: text(row, 'id'),
  type: text(row, 'type'),
  version: count(row, 'version'),
  body: bodyOf(row) ?? missing(),
  horizon: count(row, 'horizon'),
  token: text(row, 'token'),
  ...(row.unchecked === 'true' && { unchecked: true }),
})

export async function fanOutEvents(
  database: Database,
  verdicts: readonly EventVerdict[],
): Promise<number> {
  if (verdicts.length === 0) return 0
  const fanOuts = new FanOuts(new Bytes())
  for (const [index, verdict] of verdicts.entries()) fanOuts.add(index + 1, fanOutOf(verdict))
  const columns = [rows(verdicts.map(verdictCells)), ...fanOuts.rows]
  const applied = await database.callWith('fan_out_events', columns)
  if (typeof applied === 'number') return applied
  throw unexpected('fan_out_events')
}

export const fanOutOf = ({ outcome }: EventVerdict): FanOut | undefined =>
  outcome.kind === 'fanned_out' ? outcome : undefined

function verdictCells(verdict: EventVerdict): readonly Cell[] {
  const { tenantId, id, token, outcome } = verdict
  const issues = outcome.kind === 'invalid' ? JSON.stringify(outcome.issues) : undefined
  return [tenantId, id, token, outcome.kind, issues, wantedOf(fanOutOf(verdict))]
}
