import type { EndpointRecord } from '@posthorn/sender'
import type { Database } from '../database'
import { flag, int, optionalInt, type Row, unexpected } from '../values'
import { rowOf } from './answers'
import { type FoundLane, Lanes, type OwnedLane } from './lanes'

/** A search takes at most this share of the time. */
const searchShare = 1 / 20
/** A search so short may precede each claim that is likely to leave slots free, in milliseconds. */
const shortSearch = 1
/** Claims that fill all slots do without a search for so long, in milliseconds. */
const longestWithout = 100
const mostEndpoints = 10_000

export interface EndpointName {
  readonly tenantId: string
  readonly endpointId: string
}

export interface Search {
  readonly now: number
  readonly suspects: boolean
  /** Milliseconds until anything could be claimed; undefined if nothing waits. */
  readonly dueIn: number | undefined
}

/** What a process remembers between its claims: lanes that have work, and their endpoints. Nothing in it has to be right, or to last. */
export class LaneMemory {
  readonly lanes = new Lanes()
  readonly endpoints = new Map<number, EndpointRecord>()
  readonly #laneOf = new Map<string, number>()
  soloServed = 0
  readonly #database: Database
  readonly #monotonic: () => number
  #searchedAt = Number.NEGATIVE_INFINITY
  #searchCost = 0
  #mayMiss = true
  #now = 0

  /** @param monotonic milliseconds on a clock that is never set back */
  constructor(database: Database, monotonic: () => number) {
    this.#database = database
    this.#monotonic = monotonic
  }

  /** So late it is by the database's clock, at least. */
  get now(): number {
    return this.#now
  }

  observe(now: number): void {
    this.#now = Math.max(this.#now, now)
  }

  /** Whether lanes are to be searched for before the next claim; its cost is that of all lanes that have anything. */
  isDueForSearch(): boolean {
    if (this.lanes.isEmpty) return true
    const since = this.#monotonic() - this.#searchedAt
    if (!this.#mayMiss) return since > Math.max(longestWithout, this.#searchCost / searchShare)
    return this.#searchCost < shortSearch || since > this.#searchCost / searchShare
  }

  /** What it finds is what the next claim goes by. */
  async search(): Promise<Search> {
    const began = this.#monotonic()
    const { moment } = this.lanes
    this.#mayMiss = false
    const answer = rowOf(await this.#database.call('find_lanes'))
    this.lanes.replace(foundIn(answer), moment)
    this.#searchedAt = this.#monotonic()
    this.#searchCost = this.#searchedAt - began
    const now = int(answer, 'now')
    this.observe(now)
    return {
      now,
      suspects: flag(answer, 'suspects'),
      dueIn: optionalInt(answer, 'dueIn'),
    }
  }

  /** Deliveries to these endpoints were written. */
  sent(endpoints: Iterable<EndpointName>): void {
    for (const endpoint of endpoints) {
      const lane = this.laneOf(endpoint)
      if (lane === undefined) this.#mayMiss = true
      else this.lanes.wakeOwned(lane)
    }
  }

  /** Leases on these lanes ended. */
  wake(lanes: Iterable<number>): void {
    for (const lane of lanes) {
      if (!this.lanes.wake(lane)) this.#mayMiss = true
    }
  }

  /** For what changes something that is nowhere remembered. */
  readonly doubting = async <Result>(changing: Promise<Result>): Promise<Result> => {
    const result = await changing
    this.#mayMiss = true
    return result
  }

  remember(endpoint: EndpointRecord): void {
    const { seq, tenantId, health } = endpoint
    this.endpoints.delete(seq)
    this.endpoints.set(seq, endpoint)
    this.know(endpoint)
    this.lanes.join({ id: seq, tenantId, failing: health.state === 'failing' })
    trim(this.endpoints)
  }

  /** Which lane is the endpoint's: says nothing of work in it. */
  know({ seq, tenantId, id }: EndpointRecord): void {
    this.#laneOf.set(nameOf(tenantId, id), seq)
    trim(this.#laneOf)
  }

  /** The lane of an endpoint that this process has seen. */
  laneOf({ tenantId, endpointId }: EndpointName): OwnedLane | undefined {
    const id = this.#laneOf.get(nameOf(tenantId, endpointId))
    return id === undefined ? undefined : { id, tenantId }
  }
}

/** Forgets the oldest of too many. */
function trim(entries: Map<unknown, unknown>): void {
  if (entries.size <= mostEndpoints) return
  const [oldest] = entries.keys()
  entries.delete(oldest)
}

/** A tenant's name has no space. */
const nameOf = (tenantId: string, endpointId: string): string => `${tenantId} ${endpointId}`

function foundIn(answer: Row): readonly FoundLane[] {
  const { lanes } = answer
  if (!Array.isArray(lanes)) throw unexpected('find_lanes')
  return lanes.map((lane: unknown) => {
    if (!Array.isArray(lane)) throw unexpected('find_lanes')
    const [id, tenantId, failing]: readonly unknown[] = lane
    if (typeof id === 'number' && typeof tenantId === 'string' && typeof failing === 'boolean')
      return { id, tenantId, failing }
    throw unexpected('find_lanes')
  })
}
