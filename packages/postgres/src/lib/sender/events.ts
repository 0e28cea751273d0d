import type {
  ClaimedEvent,
  EventClaim,
  EventClaimRequest,
  EventVerdict,
  InsertedEvent,
  NewEvent,
} from '@posthorn/sender'
import { type Argument, Bytes, plain, scalar, texts } from '../columns'
import type { Database } from '../database'
import { int, type Row, text, unexpected } from '../values'
import { bodyOf, count, rowOf } from './answers'
import type { OwnedLane } from './lanes'
import { FanOuts, inOrder } from './new-events'

/** What an insertion or a fan-out came to, and which lanes have work by it. */
export interface Woken<Result> {
  readonly result: Result
  readonly lanes: readonly OwnedLane[]
}

export async function insertEvents(
  database: Database,
  events: readonly NewEvent[],
): Promise<Woken<readonly InsertedEvent[]>> {
  if (events.length === 0) return { result: [], lanes: [] }
  const order = eventOrder(events)
  const answer = await database.callWith('insert_events', eventColumns(events, order))
  return insertedIn(rowOf(answer), events, order)
}

/** The order in which events are written. */
export const eventOrder = (events: readonly NewEvent[]): readonly number[] => inOrder(events, keyOf)

/** What `insert_events` answered of events in that order. */
export function insertedIn(
  answer: Row,
  events: readonly NewEvent[],
  order: readonly number[],
): Woken<readonly InsertedEvent[]> {
  const duplicates = answersIn(answer)
  const result = events.map(
    (event): InsertedEvent => ({
      eventId: event.id,
      duplicate: false,
      deliveries: wantedOf(event),
    }),
  )
  if (duplicates !== undefined)
    for (const [row, place] of order.entries()) result[place] = duplicates[row] ?? missing()
  return { result, lanes: wokenIn(answer) }
}

const keyOf = ({ tenantId, idempotencyKey, id }: NewEvent): string =>
  `${tenantId} ${idempotencyKey ?? id}`

const wantedOf = ({ fanOut }: NewEvent): number =>
  fanOut?.deliveries.filter(({ state }) => state.status === 'pending').length ?? 0

export function eventColumns(
  events: readonly NewEvent[],
  order: readonly number[],
): readonly Argument[] {
  const sorted = order.map((place) => events[place] ?? missing())
  const bodies = new Bytes()
  const fanOuts = new FanOuts(bodies)
  for (const event of sorted) {
    bodies.add(event.body)
    fanOuts.add(event.fanOut)
  }
  const column = (of: (event: NewEvent) => string | undefined): Argument => texts(sorted.map(of))
  return [
    plain(order.map((place) => place + 1)),
    column(({ tenantId }) => tenantId),
    column(({ id }) => id),
    column(({ type }) => type),
    plain(sorted.map(({ version }) => version)),
    plain(sorted.map(({ timestamp }) => Math.round(timestamp))),
    column(({ idempotencyKey }) => idempotencyKey),
    column(({ orderingKey }) => orderingKey),
    column(({ metadata }) => JSON.stringify(metadata)),
    plain(sorted.map(({ fanOut }) => fanOut !== undefined)),
    plain(fanOuts.wanted),
    ...bodies.places,
    bodies.ascii,
    ...fanOuts.columns,
  ]
}

/** One for each row, when there was a duplicate among them. */
function answersIn({ answers }: Row): readonly InsertedEvent[] | undefined {
  if (answers === null) return undefined
  if (!Array.isArray(answers)) throw unexpected('answers')
  return answers.map((answer: unknown) => {
    if (!Array.isArray(answer)) throw unexpected('answers')
    const [eventId, duplicate, deliveries]: readonly unknown[] = answer
    if (typeof eventId !== 'string' || typeof duplicate !== 'boolean') throw unexpected('answers')
    if (typeof deliveries !== 'number') throw unexpected('answers')
    return { eventId, duplicate, deliveries }
  })
}

function wokenIn({ woken }: Row): readonly OwnedLane[] {
  if (woken === null) return []
  const { lanes, tenants } = rowOf(woken)
  if (lanes === null) return []
  if (!Array.isArray(lanes) || !Array.isArray(tenants)) throw unexpected('woken')
  return lanes.map((id: unknown, index) => {
    const tenantId: unknown = tenants[index]
    if (typeof id === 'number' && typeof tenantId === 'string') return { id, tenantId }
    throw unexpected('woken')
  })
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
): Promise<Woken<number>> {
  if (verdicts.length === 0) return { result: 0, lanes: [] }
  const fanOuts = new FanOuts()
  for (const { outcome } of verdicts)
    fanOuts.add(outcome.kind === 'fanned_out' ? outcome : undefined)
  const column = (of: (verdict: EventVerdict) => string | undefined) => texts(verdicts.map(of))
  const answer = rowOf(
    await database.callWith('fan_out_events', [
      column(({ tenantId }) => tenantId),
      column(({ id }) => id),
      column(({ token }) => token),
      column(({ outcome }) => outcome.kind),
      column(({ outcome }) =>
        outcome.kind === 'invalid' ? JSON.stringify(outcome.issues) : undefined,
      ),
      plain(fanOuts.wanted),
      ...fanOuts.columns,
    ]),
  )
  return { result: int(answer, 'applied'), lanes: wokenIn(answer) }
}
