/** Passes when the time is over, or the signal is aborted; keeps no process alive. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>

/** Hints follow each other no faster. */
const pauseMs = 5

/**
 * Tells other processes that there is work: at once, and then at most once in a few milliseconds, however much is sent. One hint is under way
 * at a time. What fails is forgotten, as polling finds the work too.
 */
export function createHints(notify: () => Promise<unknown>, sleep: Sleep): () => void {
  let state: 'idle' | 'busy' | 'wanted' = 'idle'
  const run = async (): Promise<void> => {
    do {
      state = 'busy'
      await notify().catch(() => {})
      await sleep(pauseMs)
    } while (isWanted())
    state = 'idle'
  }
  /** Asked behind a function, as `state` changes while others run. */
  const isWanted = (): boolean => state === 'wanted'
  return () => {
    if (state === 'idle') void run()
    else state = 'wanted'
  }
}
