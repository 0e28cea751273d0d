/** What claims of one worker share: they pass one at a time, in order, so that slots are not given away twice. */
export interface Gate {
  /** Slots that the claim under way may fill. */
  readonly taken: number
  run<Result>(work: () => Promise<Result>): Promise<Result>
  /** Holds `slots` for a claim while `work` runs. */
  taking<Result>(slots: number, work: () => Promise<Result>): Promise<Result>
}

export function createGate(): Gate {
  let last: Promise<unknown> = Promise.resolve()
  let taken = 0
  return {
    get taken() {
      return taken
    },
    run(work) {
      const result = last.then(work)
      last = result.catch(() => {})
      return result
    },
    async taking(slots, work) {
      taken += slots
      try {
        return await work()
      } finally {
        taken -= slots
      }
    },
  }
}
