import type { OrderPolicy } from '../../model/endpoint'
import type { NewEvent } from '../../model/event'
import type { EndpointStore } from '../../ports/endpoint-store'
import type { MemoryStore } from '../../stores/memory/memory-store'
import type { DeliveryRow, KeyLine, Lane } from '../../stores/memory/rows'
import { findDelivery, type MemoryState } from '../../stores/memory/state'
import type { BrokenStore } from './broken-store'

/** A store that takes endpoints to be ordered otherwise than they are. */
export function ordering(
  name: string,
  edit: (ordered: OrderPolicy | undefined) => OrderPolicy | undefined,
  fails: BrokenStore['fails'],
): BrokenStore {
  const changing = ({ endpoints }: MemoryStore): Partial<EndpointStore> => ({
    insert: (record) => endpoints.insert(withOrder(record, edit(record.ordered))),
    replace: (record) => endpoints.replace(withOrder(record, edit(record.ordered))),
  })
  return { name, fails, wrong: (store) => ({ endpoints: changing(store) }) }
}

export function withOrder<Endpoint extends { readonly ordered?: OrderPolicy }>(
  { ordered: _, ...rest }: Endpoint,
  ordered: OrderPolicy | undefined,
) {
  return { ...rest, ...(ordered ? { ordered } : {}) }
}

export function inserting(
  name: string,
  edit: (event: NewEvent) => NewEvent,
  fails: BrokenStore['fails'],
): BrokenStore {
  return {
    name,
    fails,
    wrong: ({ deliveries }) => ({
      deliveries: { insert: (events) => deliveries.insert(events.map(edit)) },
    }),
  }
}

/** A store that does something more after some of its operations. */
export function after(
  name: string,
  operations: readonly Exclude<keyof MemoryStore['deliveries'], 'subscribe' | 'insertAndClaim'>[],
  work: (state: MemoryState) => void,
  fails: BrokenStore['fails'],
): BrokenStore {
  return {
    name,
    fails,
    wrong: ({ deliveries }, state) => ({
      deliveries: Object.fromEntries(
        operations.map((operation) => [
          operation,
          async (...args: unknown[]) => {
            const result: unknown = await Reflect.apply(deliveries[operation], deliveries, args)
            work(state)
            return result
          },
        ]),
      ),
    }),
  }
}

/** A store whose replays stand somewhere else in their line. */
export function replaying(
  name: string,
  place: (row: DeliveryRow) => number,
  fails: BrokenStore['fails'],
): BrokenStore {
  return {
    name,
    fails,
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        redeliver: async (items) => {
          const verdicts = await deliveries.redeliver(items)
          for (const { tenantId, id } of items) {
            const row = findDelivery(state, tenantId, id)
            if (row) move(row, place(row))
          }
          return verdicts
        },
      },
    }),
  }
}

function move(row: DeliveryRow, position: number): void {
  const line = row.lane?.lines.get(row.event.orderingKey ?? '')
  if (!line) return
  if (line.first === row) line.first = undefined
  row.lane?.ready.remove(row)
  line.waiting.remove(row)
  line.waiting.push(Object.assign(row, { position }))
}

export const linesOf = (state: MemoryState): readonly (readonly [Lane, KeyLine])[] =>
  [...state.lanes.values()].flatMap((lane) =>
    [...lane.lines.values()].map((line) => [lane, line] as const),
  )
