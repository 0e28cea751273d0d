/** Of a claim: which lanes, in the order in which they are served, and how many deliveries each may have at first. */
export interface LanePlan {
  readonly lanes: readonly number[]
  readonly quota: number
  /** The same for each of the lanes: more for those of a tenant that has few, so that they may use its share. */
  readonly quotas: readonly number[]
  /** How many of them fill the slots if each has its quota; the others are for those that have less. */
  readonly first: number
  /** What `Lanes.moment` was. */
  readonly moment: number
}

/** What a claim found. */
export interface LaneReport {
  /** How many of the lanes, from the first, were looked at. */
  readonly seen: number
  /** Lanes that another session was at. */
  readonly busy: ReadonlySet<number>
  /** Of each lane how many deliveries were taken of it, and how many more could be claimed. */
  readonly found: ReadonlyMap<number, { readonly taken: number; readonly left: number }>
}

export interface OwnedLane {
  readonly id: number
  readonly tenantId: string
}

export interface FoundLane extends OwnedLane {
  readonly failing: boolean
}

/** A tenant's lanes, those that were served last at the end. */
interface Stand {
  readonly lanes: Set<number>
  turn: number
}

/** As many deliveries a lane may have at a turn while others wait: of a window that is read anyway. */
const mostAtATurn = 4
/** Each is locked by the claim. */
const mostLanes = 512
/** Of so many it is remembered whose they are, whether they have work or not. */
const mostKnown = 10_000

/**
 * The lanes that have work, as far as this process knows: from the last search, and from what it sent itself. Tenants take turns, and so do the
 * lanes of each; those of failing endpoints stand apart.
 */
export class Lanes {
  readonly #known = new Map<number, FoundLane>()
  readonly #healthy = new Map<string, Stand>()
  readonly #failing = new Map<string, Stand>()
  /** When work last came to a lane. */
  readonly #woken = new Map<number, number>()
  #moment = 0
  #turns = 0

  /** Grows with each time that work comes to a lane. What was asked of the database before knows nothing of it. */
  get moment(): number {
    return this.#moment
  }

  get isEmpty(): boolean {
    return this.#healthy.size + this.#failing.size === 0
  }

  /** All lanes that had work at that moment, and no others. Those that are known keep their places. */
  replace(found: readonly FoundLane[], moment: number): void {
    const ids = new Set(found.map(({ id }) => id))
    const isFull = this.#known.size > mostKnown
    for (const id of [...this.#known.keys()]) {
      if (ids.has(id) || this.#wokenSince(id, moment)) continue
      this.drop(id)
      if (isFull) this.#forget(id)
    }
    for (const lane of found) this.join(lane)
  }

  #forget(id: number): void {
    this.#known.delete(id)
    this.#woken.delete(id)
  }

  /** The lane has work. */
  join(lane: FoundLane): void {
    const before = this.#known.get(lane.id)
    if (before !== undefined && before.failing !== lane.failing) this.drop(lane.id)
    this.#known.set(lane.id, lane)
    this.#standOf(lane).lanes.add(lane.id)
  }

  /** The lane may have work again; answers whether it is a known one. */
  wake(id: number): boolean {
    const lane = this.#known.get(id)
    if (lane === undefined) return false
    this.#woken.set(id, ++this.#moment)
    this.join(lane)
    return true
  }

  /** The same of a lane that may be new: one that is not known is taken for a healthy endpoint's until a claim says otherwise. */
  wakeOwned({ id, tenantId }: OwnedLane): void {
    if (this.wake(id)) return
    this.#woken.set(id, ++this.#moment)
    this.join({ id, tenantId, failing: false })
  }

  /** Nothing waited in these at that moment. They are forgotten, so that the ends of their leases put none of them in line. */
  emptied(lanes: readonly number[], moment: number): void {
    for (const id of lanes) {
      if (this.#wokenSince(id, moment)) continue
      this.drop(id)
      this.#forget(id)
    }
  }

  /** Lanes that may have work; no more of them than `most`, and one. */
  inLine(most: number): readonly number[] {
    const found: number[] = []
    for (const line of [this.#healthy, this.#failing])
      for (const { lanes } of line.values())
        for (const lane of lanes) {
          found.push(lane)
          if (found.length > most) return found
        }
    return found
  }

  /** Nothing can be claimed of the lane for now. */
  drop(id: number): void {
    const lane = this.#known.get(id)
    if (lane === undefined) return
    const line = this.#lineOf(lane)
    const stand = line.get(lane.tenantId)
    stand?.lanes.delete(id)
    if (stand?.lanes.size === 0) line.delete(lane.tenantId)
  }

  /** At most `failingLimit` lanes of failing endpoints. The cost is that of the slots, not of the lanes. */
  plan(slots: number, perEndpoint: number, failingLimit: number): LanePlan {
    const tenants = this.#healthy.size + (failingLimit > 0 ? this.#failing.size : 0)
    const moment = this.#moment
    if (slots <= 0 || tenants === 0) return { lanes: [], quota: 0, quotas: [], first: 0, moment }
    const share = Math.max(1, Math.floor(slots / tenants))
    const most = Math.min(mostLanes, 2 * slots + 8)
    const lanes = merged(
      inTurn(this.#healthy, most),
      inTurn(this.#failing, Math.min(most, failingLimit)),
    )
    const atATurn =
      lanes.length <= slots
        ? Math.min(share, Math.ceil(slots / lanes.length))
        : Math.min(share, mostAtATurn)
    const quota = Math.max(1, Math.min(atATurn, perEndpoint))
    const first = lanes.length <= slots ? lanes.length : Math.ceil(slots / quota)
    const named = lanes.slice(0, Math.max(first, 2 * first + 8))
    const quotas = this.#sharesOf(named, share).map((own) =>
      Math.max(quota, Math.min(perEndpoint, own)),
    )
    return { lanes: named, quota, quotas, first, moment }
  }

  /** A tenant's share, divided among those of its lanes that are named. */
  #sharesOf(named: readonly number[], share: number): number[] {
    const tenants = named.map((id) => this.#known.get(id)?.tenantId)
    const count = new Map<string | undefined, number>()
    for (const tenant of tenants) count.set(tenant, (count.get(tenant) ?? 0) + 1)
    return tenants.map((tenant) => Math.ceil(share / (count.get(tenant) ?? 1)))
  }

  /** Who was served goes to the end; who has nothing more goes; who was passed over keeps its place. */
  learn(plan: LanePlan, { seen, busy, found }: LaneReport): void {
    for (const id of plan.lanes.slice(0, seen)) {
      const { taken, left } = found.get(id) ?? { taken: 0, left: busy.has(id) ? 1 : 0 }
      if (taken > 0 || busy.has(id)) this.#serve(id)
      if (left <= 0 && !this.#wokenSince(id, plan.moment)) this.drop(id)
    }
  }

  #wokenSince(id: number, moment: number): boolean {
    return (this.#woken.get(id) ?? 0) > moment
  }

  #serve(id: number): void {
    const lane = this.#known.get(id)
    const line = lane && this.#lineOf(lane)
    const stand = lane && line?.get(lane.tenantId)
    if (!lane || !line || !stand?.lanes.delete(id)) return
    stand.lanes.add(id)
    line.delete(lane.tenantId)
    line.set(lane.tenantId, stand)
    stand.turn = ++this.#turns
  }

  #lineOf({ failing }: FoundLane): Map<string, Stand> {
    return failing ? this.#failing : this.#healthy
  }

  #standOf(lane: FoundLane): Stand {
    const line = this.#lineOf(lane)
    const known = line.get(lane.tenantId)
    if (known) return known
    const stand = { lanes: new Set<number>(), turn: ++this.#turns }
    line.set(lane.tenantId, stand)
    return stand
  }
}

interface Place {
  readonly id: number
  /** How many lanes of its tenant come before it. */
  readonly rank: number
  readonly turn: number
}

/** The first lane of each tenant, then the second of each, and so on. */
function inTurn(line: ReadonlyMap<string, Stand>, most: number): Place[] {
  let waiting: { readonly lanes: Iterator<number>; readonly turn: number }[] = []
  for (const { lanes, turn } of line.values()) {
    if (waiting.length >= most) break
    waiting.push({ lanes: lanes.values(), turn })
  }
  const places: Place[] = []
  for (let rank = 0; waiting.length > 0 && places.length < most; rank += 1) {
    waiting = waiting.filter(({ lanes, turn }) => {
      const next = lanes.next()
      if (!next.done && places.length < most) places.push({ id: next.value, rank, turn })
      return !next.done
    })
  }
  return places
}

function merged(healthy: Place[], failing: readonly Place[]): number[] {
  const all = failing.length === 0 ? healthy : [...healthy, ...failing].sort(byTurn)
  return all.map(({ id }) => id)
}

const byTurn = (one: Place, other: Place): number => one.rank - other.rank || one.turn - other.turn
