import type { MaybePromise, SecretOwner } from '../secrets'

interface Entry {
  readonly owner: SecretOwner
  readonly value: MaybePromise<string>
  /** In the clock's milliseconds. */
  readonly until: number
}

/** What was opened lately, so that a delivery does not wait for a cipher or a service. Bounded. */
export interface Opened {
  get(sealed: string, owner: SecretOwner, now: number): MaybePromise<string> | undefined
  set(sealed: string, entry: Entry): void
  /** Forgets a value that could not be had, unless a newer one has taken its place. */
  drop(sealed: string, value: MaybePromise<string>): void
}

/** Two generations: what is used survives when the older is dropped. Holds at most twice `size`. */
export function createOpened(size = 10_000): Opened {
  let young = new Map<string, Entry>()
  let old = new Map<string, Entry>()

  const set = (sealed: string, entry: Entry): void => {
    if (young.size >= size) {
      old = young
      young = new Map()
    }
    young.set(sealed, entry)
  }
  const promoted = (sealed: string): Entry | undefined => {
    const entry = old.get(sealed)
    if (entry !== undefined) set(sealed, entry)
    return entry
  }
  return {
    set,
    get(sealed, owner, now) {
      const entry = young.get(sealed) ?? promoted(sealed)
      // A value in another endpoint's row is not to open there, so not from memory either.
      const isFit = entry !== undefined && now < entry.until && isSameOwner(entry.owner, owner)
      return isFit ? entry.value : undefined
    },
    drop(sealed, value) {
      for (const generation of [young, old])
        if (generation.get(sealed)?.value === value) generation.delete(sealed)
    },
  }
}

function isSameOwner(one: SecretOwner, other: SecretOwner): boolean {
  return one.endpointId === other.endpointId && one.tenantId === other.tenantId
}
