import type { FanOut, NewDelivery } from '@posthorn/sender'
import { type Argument, Bytes, plain, texts } from '../columns'

/** Rows in the order of their keys: batches that lock the same rows do so in one order, and never in a circle. */
export function inOrder<Item>(items: readonly Item[], keyOf: (item: Item) => string): number[] {
  const keys = items.map(keyOf)
  const order = keys.map((_, index) => index)
  const isSorted = keys.every((key, index) => index === 0 || key >= (keys[index - 1] ?? ''))
  return isSorted ? order : order.sort((a, b) => compare(keys[a] ?? '', keys[b] ?? '') || a - b)
}

const compare = (one: string, other: string): number => (one < other ? -1 : Number(one > other))

/** The deliveries of several events as columns: `place` says whose each is, from 1. */
export class FanOuts {
  readonly wanted: number[] = []
  readonly #deliveries: { readonly place: number; readonly delivery: NewDelivery }[] = []
  readonly #bodies: { readonly place: number; readonly envelope: string }[] = []
  readonly #bytes: Bytes

  /** `beside`: the value that holds the events' own bytes, where there are some. */
  constructor(beside?: Bytes) {
    this.#bytes = new Bytes(beside)
  }

  /** The deliveries of the next event. `wanted` counts what is to be made, so skipped ones not. */
  add({ deliveries, bodies }: FanOut = { deliveries: [], bodies: [] }): void {
    const place = this.wanted.length + 1
    this.wanted.push(deliveries.filter(({ state }) => state.status === 'pending').length)
    for (const delivery of deliveries) this.#deliveries.push({ place, delivery })
    for (const { envelope, body } of bodies) {
      this.#bodies.push({ place, envelope })
      this.#bytes.add(body)
    }
  }

  get columns(): readonly Argument[] {
    const all = this.#deliveries
    return [
      plain(all.map(({ place }) => place)),
      texts(all.map(({ delivery }) => delivery.id)),
      texts(all.map(({ delivery }) => delivery.endpointId)),
      texts(all.map(({ delivery }) => delivery.envelope)),
      texts(all.map(({ delivery: { state } }) => ('reason' in state ? state.reason : undefined))),
      plain(this.#bodies.map(({ place }) => place)),
      texts(this.#bodies.map(({ envelope }) => envelope)),
      ...this.#bytes.places,
      this.#bytes.ascii,
      this.#bytes.value,
    ]
  }
}
