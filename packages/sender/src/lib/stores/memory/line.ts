import { Heap, type HeapItem } from './heap'
import type { Lane } from './rows'

/** A tenant's lanes with due work. */
interface Stand extends HeapItem {
  readonly lanes: Heap<Lane>
  /** The tenant's place in line: when it joined the line, or when one of its lanes was last served. */
  turn: number
}

/** Lanes with due work. Their tenants take turns, and so do the lanes of each tenant. */
export class Line {
  readonly #groupOf: (lane: Lane) => string
  readonly #stands = new Map<string, Stand>()
  readonly #inLine = new Heap<Stand>((a, b) => a.turn < b.turn)

  /** @param groupOf which lanes share a turn: those of one tenant, unless said otherwise */
  constructor(groupOf: (lane: Lane) => string = ({ endpoint }) => endpoint.tenantId) {
    this.#groupOf = groupOf
  }

  /** How many tenants stand in line. */
  get size(): number {
    return this.#inLine.size
  }

  /** The lane to be served next, and its tenant's place. */
  first(): { readonly lane: Lane; readonly turn: number } | undefined {
    const stand = this.#inLine.peek()
    const lane = stand?.lanes.peek()
    return stand && lane && { lane, turn: stand.turn }
  }

  /** Lets a lane stand in line at its turn. A tenant that comes back keeps behind those it was served after. */
  join(lane: Lane): void {
    const stand = this.#standOf(lane)
    if (stand.lanes.size === 0) {
      stand.turn = Math.max(stand.turn, lane.turn)
      this.#inLine.push(stand)
    }
    stand.lanes.push(lane)
  }

  /** Answers whether the lane stood in line. */
  leave(lane: Lane): boolean {
    const stand = this.#standOf(lane)
    if (!stand.lanes.has(lane)) return false
    stand.lanes.remove(lane)
    if (stand.lanes.size === 0) this.#inLine.remove(stand)
    return true
  }

  /** Takes out a lane that is served, and puts its tenant at the end of the line. */
  serve(lane: Lane, turn: number): void {
    this.leave(lane)
    const stand = this.#standOf(lane)
    this.#inLine.remove(stand)
    stand.turn = turn
    if (stand.lanes.size > 0) this.#inLine.push(stand)
  }

  #standOf(lane: Lane): Stand {
    const group = this.#groupOf(lane)
    const known = this.#stands.get(group)
    if (known) return known
    const stand = { lanes: new Heap<Lane>((a, b) => a.turn < b.turn), turn: 0, slot: -1 }
    this.#stands.set(group, stand)
    return stand
  }
}
