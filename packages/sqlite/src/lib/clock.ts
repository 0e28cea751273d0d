/** Where a store's time comes from. */
export interface TimeSource {
  /** Milliseconds since the Unix epoch. */
  now(): number
}

/** The machine's clock; set back, it stands still until the old time is reached again. */
export function createSystemTime(wall: () => number = Date.now): TimeSource {
  let latest = 0
  return {
    now() {
      latest = Math.max(latest, wall())
      return latest
    },
  }
}

export const systemTime: TimeSource = createSystemTime()
