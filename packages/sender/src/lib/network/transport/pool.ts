import { List } from './list'
import type { ConnectContext } from './opening'
import type { Target } from './route'
import { Slot } from './slot'

interface Origin {
  /** The last used on top: the others may time out. */
  free: Slot[]
  slots: number
}

const noop = (): void => {}

/**
 * Sockets by origin. A request always finds one at once: how many are busy is for the caller to bound; `mostSockets` bounds what is
 * kept idle beside them, the longest idle going first.
 */
export class Pool {
  readonly #context: ConnectContext
  readonly #mostSockets: number
  readonly #all = new Set<Slot>()
  /** The longest idle first. */
  readonly #idle = new List<Slot>()
  /** By target key; an origin without sockets leaves nothing behind. */
  readonly #origins = new Map<string, Origin>()

  constructor(context: ConnectContext, mostSockets: number) {
    this.#context = context
    this.#mostSockets = mostSockets
  }

  take(target: Target): Slot {
    const slot = this.#origins.get(target.key)?.free.pop()
    if (slot === undefined) return this.fresh(target)
    this.#wake(slot)
    return slot
  }

  /** A slot that has no socket yet. */
  fresh(target: Target): Slot {
    for (let idle = this.#idle.first; idle !== undefined; idle = this.#idle.first) {
      if (this.#all.size < this.#mostSockets) break
      this.discard(idle.value)
    }
    const slot = new Slot(target, this.#context, (lost) => this.discard(lost))
    this.#all.add(slot)
    const origin = this.#origins.get(target.key)
    if (origin === undefined) this.#origins.set(target.key, { free: [], slots: 1 })
    else origin.slots++
    return slot
  }

  give(slot: Slot): void {
    slot.free()
    if (!this.#all.has(slot)) return
    if (this.#all.size > this.#mostSockets) {
      this.discard(slot)
      return
    }
    this.#origins.get(slot.target.key)?.free.push(slot)
    slot.idle = this.#idle.append(slot)
  }

  discard(slot: Slot): void {
    this.#forget(slot)
    slot.destroy().catch(noop)
  }

  /** For tests: sockets held or asked for, and origins known. */
  get size(): { readonly slots: number; readonly origins: number } {
    return { slots: this.#all.size, origins: this.#origins.size }
  }

  /** Interrupts what is under way; resolves when no socket is left. */
  async close(): Promise<void> {
    const slots = [...this.#all]
    for (const slot of slots) slot.occupant?.interrupted()
    for (const slot of slots) this.#forget(slot)
    await Promise.all(slots.map((slot) => slot.destroy()))
  }

  #forget(slot: Slot): void {
    if (!this.#all.delete(slot)) return
    const wasIdle = this.#wake(slot)
    const { key } = slot.target
    const origin = this.#origins.get(key)
    if (origin === undefined) return
    if (wasIdle) origin.free = origin.free.filter((each) => each !== slot)
    origin.slots--
    if (origin.slots === 0) this.#origins.delete(key)
  }

  #wake(slot: Slot): boolean {
    const { idle } = slot
    slot.idle = undefined
    return idle !== undefined && this.#idle.remove(idle)
  }
}
