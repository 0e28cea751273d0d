import type { Clock } from '../ports/clock'

/** The store's clock as this process knows it: its own clock, moved by the offset seen at the last claim. */
export interface StoreTime {
  now(): number
  observe(storeNow: number): void
}

export function createStoreTime(clock: Clock): StoreTime {
  let offset = 0
  return {
    now: () => clock.now() + offset,
    observe: (storeNow) => {
      offset = storeNow - clock.now()
    },
  }
}
