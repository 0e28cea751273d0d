import type { Output } from './timeline'

/** How far something has come. */
export interface Progress {
  update(done: number): void
  end(): void
}

const width = 30
const eraseRest = '\x1b[K'

/** A bar that moves on a terminal; a line for every tenth elsewhere. */
export function createProgress(output: Output, total: number, now: () => number): Progress {
  const startedAt = now()
  const live = output.isTTY === true
  let tenths = 0
  return {
    update(done) {
      const line = describe(done, total, now() - startedAt)
      const reached = Math.floor((done / total) * 10)
      if (live) output.write(`\r${line}${eraseRest}`)
      else if (reached > tenths) output.write(`${line}\n`)
      tenths = Math.max(tenths, reached)
    },
    end() {
      if (live) output.write('\n')
    },
  }
}

function describe(done: number, total: number, elapsedMs: number): string {
  const share = done / total
  const bar = '#'.repeat(Math.round(share * width)).padEnd(width, '.')
  const percent = `${Math.floor(share * 100)} %`.padStart(5)
  const perSecond = Math.round(done / Math.max(0.001, elapsedMs / 1_000))
  return `  [${bar}] ${percent}  ${done} of ${total}  ${perSecond}/s`
}
