import { setImmediate, setTimeout } from 'node:timers'
import type { Clock } from '../ports/clock'

/** When the first write of several begins, so that others join it. */
export type Begin = (write: () => void) => void

/** For items that one callback gives. */
export const afterCallback: Begin = queueMicrotask

/** As they were when this was loaded: a test's fake timers do not hold writes up. */
const immediately = setImmediate
const later = setTimeout

/** For items that separate callbacks of one turn of the event loop give, as requests that a host serves do. */
export const afterTurn: Begin = (write) => {
  immediately(write)
}

/**
 * For writes that block the event loop, in which nothing gathers: the next waits for as long as the last took, at most `longestMs`. Givers half of
 * whom come again as soon as they were answered are not held up: nobody else may come.
 */
export interface Rest extends Pick<Clock, 'now' | 'sleep'> {
  readonly longestMs: number
}

/** By a clock that tells how long a write took. */
export const restBy = (clock: Pick<Clock, 'now'>): Rest => ({
  now: () => clock.now(),
  sleep: (ms) => new Promise((resolve) => later(resolve, ms)),
  longestMs: 5,
})

export interface BatcherOptions {
  readonly largest: number
  readonly begin: Begin
  /** Default: none. */
  readonly rest?: Rest | undefined
}

export interface Batcher<Item, Result> {
  add(item: Item): Promise<Result>
}

/** An item whose giver waits for what becomes of it. */
export interface Waiting<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit: while one write is under way, or is about to begin, later items gather, and go out together. `write` answers in the order of
 * its items.
 */
export function createBatcher<Item, Result>(
  write: (items: readonly Item[]) => Promise<readonly Result[]>,
  { largest, begin, rest }: BatcherOptions,
): Batcher<Item, Result> {
  let gathered: Waiting<Item, Result>[] = []
  let writing = false

  const flush = async (): Promise<void> => {
    while (gathered.length > 0) {
      const batch = gathered.slice(0, largest)
      gathered = gathered.slice(largest)
      if (rest === undefined) await writeBatch(batch, write)
      else await writeAndRest(batch, rest)
    }
    writing = false
  }

  const writeAndRest = async (
    batch: readonly Waiting<Item, Result>[],
    { now, sleep, longestMs }: Rest,
  ): Promise<void> => {
    const begun = now()
    await writeBatch(batch, write)
    const took = now() - begun
    await afterAnswers()
    if (took > 0 && 2 * gathered.length < batch.length) await sleep(Math.min(took, longestMs))
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        gathered.push({ item, resolve, reject })
        if (writing) return
        writing = true
        begin(() => void flush())
      }),
  }
}

/** Resolves once all that the promises resolved by now lead to, without waiting for anything else, has been done. */
const afterAnswers = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

/** Writes a batch, and tells each giver. Never rejects. */
export async function writeBatch<Item, Result>(
  batch: readonly Waiting<Item, Result>[],
  write: (items: readonly Item[]) => Promise<readonly Result[]>,
): Promise<void> {
  try {
    const results = await write(batch.map((waiting) => waiting.item))
    for (const [index, waiting] of batch.entries()) {
      const result = results[index]
      if (result === undefined)
        waiting.reject(new RangeError('a batch was answered with too few results'))
      else waiting.resolve(result)
    }
  } catch (error) {
    for (const waiting of batch) waiting.reject(error)
  }
}
