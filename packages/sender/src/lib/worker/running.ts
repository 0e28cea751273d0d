/** What runs now, so that a stop can wait for it. */
export interface Running {
  /** Counts `work` as running until it ends, and answers it. */
  add<Result>(work: Promise<Result>): Promise<Result>
  /** Resolves, and never rejects, when all that runs now has ended. */
  ended(): Promise<void>
}

export function createRunning(): Running {
  const running = new Set<Promise<void>>()
  return {
    add(work) {
      const ended = work.then(ignore, ignore).then(() => {
        running.delete(ended)
      })
      running.add(ended)
      return work
    },
    ended: async () => {
      await Promise.all(running)
    },
  }
}

const ignore = (): void => {}
