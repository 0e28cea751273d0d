/** One at a time, in order. */
export interface Gate {
  run<Result>(work: () => Promise<Result>): Promise<Result>
}

export function createGate(): Gate {
  let last: Promise<unknown> = Promise.resolve()
  return {
    run(work) {
      const result = last.then(work)
      last = result.catch(() => {})
      return result
    },
  }
}
