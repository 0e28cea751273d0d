/** One at a time, in order. */
export interface Gate {
  /** Whether nobody is in it, or waits. */
  readonly isFree: boolean
  run<Result>(work: () => Promise<Result>): Promise<Result>
}

export function createGate(): Gate {
  let last: Promise<unknown> = Promise.resolve()
  let entered = 0
  return {
    get isFree() {
      return entered === 0
    },
    run(work) {
      entered += 1
      const result = last.then(work)
      last = result
        .catch(() => {})
        .then(() => {
          entered -= 1
        })
      return result
    },
  }
}
