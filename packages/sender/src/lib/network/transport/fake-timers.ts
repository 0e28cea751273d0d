import type { Timers } from './timers'

export interface FakeTimers extends Timers {
  /** Lets time pass, in steps of a millisecond, and promises settle between them. */
  advance(ms: number): Promise<void>
  /** Time passes and nothing rings, as in a process that stands still. */
  stall(ms: number): void
  /** Timers that are set. */
  readonly set: number
}

interface Alarm {
  at: number
  readonly every: number | undefined
  readonly call: () => void
}

/** Time that stands still until a test moves it. */
export function fakeTimers(): FakeTimers {
  const alarms = new Set<Alarm>()
  let now = 0
  const arm = (ms: number, every: number | undefined, call: () => void) => {
    const alarm: Alarm = { at: now + ms, every, call }
    alarms.add(alarm)
    return () => {
      alarms.delete(alarm)
    }
  }
  const ring = (alarm: Alarm) => {
    if (alarm.every === undefined) alarms.delete(alarm)
    else alarm.at += alarm.every
    alarm.call()
  }
  return {
    now: () => now,
    every: (ms, call) => arm(ms, ms, call),
    after: (ms, call) => arm(ms, undefined, call),
    get set() {
      return alarms.size
    },
    stall(ms) {
      now += ms
    },
    async advance(ms) {
      for (let step = 0; step < ms; step++) {
        now++
        for (const alarm of [...alarms]) {
          if (alarm.at <= now && alarms.has(alarm)) ring(alarm)
        }
        await Promise.resolve()
      }
    },
  }
}
