import type { ConnectContext } from './opening'
import type { Target } from './route'
import { Slot } from './slot'

const noop = (): void => {}

/**
 * Sockets by origin. A request always finds one at once: how many are busy is for the caller to bound; `mostSockets` bounds what is
 * kept idle beside them, the longest idle going first.
 */
export class Pool {
  readonly #context: ConnectContext
  readonly #mostSockets: number
  readonly #all = new Set<Slot>()
  /** Oldest first. */
  readonly #idle = new Set<Slot>()
  /** The last used on top: the others may time out. */
  readonly #free = new Map<string, Slot[]>()

  constructor(context: ConnectContext, mostSockets: number) {
    this.#context = context
    this.#mostSockets = mostSockets
  }

  get size(): number {
    return this.#all.size
  }

  take(target: Target): Slot {
    const free = this.#free.get(target.key)
    const slot = free?.pop()
    if (free?.length === 0) this.#free.delete(target.key)
    if (slot === undefined) return this.fresh(target)
    this.#idle.delete(slot)
    return slot
  }

  /** A slot that has no socket yet. */
  fresh(target: Target): Slot {
    for (const oldest of this.#idle) {
      if (this.#all.size < this.#mostSockets) break
      this.discard(oldest)
    }
    const slot = new Slot(target, this.#context, (lost) => this.discard(lost))
    this.#all.add(slot)
    return slot
  }

  give(slot: Slot): void {
    slot.free()
    if (!this.#all.has(slot)) return
    if (this.#all.size > this.#mostSockets) {
      this.discard(slot)
      return
    }
    const free = this.#free.get(slot.target.key)
    if (free === undefined) this.#free.set(slot.target.key, [slot])
    else free.push(slot)
    this.#idle.add(slot)
  }

  discard(slot: Slot): void {
    this.#forget(slot)
    slot.destroy().catch(noop)
  }

  /** Interrupts what is under way; resolves when no socket is left. */
  async close(): Promise<void> {
    const slots = [...this.#all]
    for (const slot of slots) slot.occupant?.interrupted()
    for (const slot of slots) this.#forget(slot)
    await Promise.all(slots.map((slot) => slot.destroy()))
  }

  #forget(slot: Slot): void {
    this.#all.delete(slot)
    if (!this.#idle.delete(slot)) return
    const { key } = slot.target
    const left = this.#free.get(key)?.filter((each) => each !== slot) ?? []
    if (left.length === 0) this.#free.delete(key)
    else this.#free.set(key, left)
  }
}
