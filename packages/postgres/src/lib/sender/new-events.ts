import type { FanOut } from '@posthorn/sender'
import { type Argument, type Bytes, type Cell, rows } from '../columns'
import type { EndpointName } from './memory'

/** Rows in the order of their keys: batches that lock the same rows do so in one order, and never in a circle. */
export function inOrder<Item>(items: readonly Item[], keyOf: (item: Item) => string): number[] {
  const keys = items.map(keyOf)
  const order = keys.map((_, index) => index)
  const isSorted = keys.every((key, index) => index === 0 || key >= (keys[index - 1] ?? ''))
  return isSorted ? order : order.sort((a, b) => compare(keys[a] ?? '', keys[b] ?? '') || a - b)
}

const compare = (one: string, other: string): number => (one < other ? -1 : Number(one > other))

/** What is written with its deliveries. */
interface Matched {
  readonly tenantId: string
  readonly fanOut?: FanOut | undefined
}

/** The endpoints that are to get something; skipped deliveries bring no work. */
export function deliveriesOf(events: readonly Matched[]): readonly EndpointName[] {
  return events.flatMap(({ tenantId, fanOut }) =>
    (fanOut?.deliveries ?? []).flatMap(({ endpointId, state }) =>
      state.status === 'pending' ? { tenantId, endpointId } : [],
    ),
  )
}

/** How many deliveries are to be made, so skipped ones not. */
export const wantedOf = (fanOut: FanOut | undefined): number =>
  fanOut?.deliveries.filter(({ state }) => state.status === 'pending').length ?? 0

/** The deliveries of several events, and the bodies in other envelopes, each with the place of its event, from 1. */
export class FanOuts {
  readonly #deliveries: (readonly Cell[])[] = []
  readonly #bodies: (readonly Cell[])[] = []
  readonly #bytes: Bytes

  /** @param bytes holds the bodies, and may hold others */
  constructor(bytes: Bytes) {
    this.#bytes = bytes
  }

  add(place: number, { deliveries, bodies }: FanOut = { deliveries: [], bodies: [] }): void {
    for (const { id, endpointId, envelope, state } of deliveries) {
      const reason = 'reason' in state ? state.reason : undefined
      this.#deliveries.push([place, id, endpointId, envelope, reason])
    }
    for (const { envelope, body } of bodies)
      this.#bodies.push([place, envelope, ...this.#bytes.add(body)])
  }

  get rows(): readonly Argument[] {
    return [rows(this.#deliveries), rows(this.#bodies), this.#bytes.value]
  }
}
