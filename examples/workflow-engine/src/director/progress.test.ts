import { describe, expect, it } from 'vitest'
import { createProgress } from './progress'

function setup(isTTY: boolean) {
  let now = 0
  const written: string[] = []
  const output = { isTTY, write: (text: string) => written.push(text) }
  const progress = createProgress(output, 100, () => now)
  const update = (done: number, at: number) => {
    now = at
    progress.update(done)
  }
  return { written, progress, update }
}

describe('progress', () => {
  it('is one line for each tenth where nothing can move', () => {
    const { written, update } = setup(false)
    for (const [done, at] of [
      [0, 0],
      [10, 500],
      [11, 550],
      [100, 2_000],
    ] as const) {
      update(done, at)
    }
    expect(written).toEqual([
      '  [###...........................]  10 %  10 of 100  20/s\n',
      '  [##############################] 100 %  100 of 100  50/s\n',
    ])
  })

  it('is one line that is written over on a terminal', () => {
    const { written, progress, update } = setup(true)
    update(1, 100)
    update(2, 200)
    progress.end()
    expect(written).toHaveLength(3)
    expect(written[1]).toBe('\r  [#.............................]   2 %  2 of 100  10/s\x1b[K')
    expect(written[2]).toBe('\n')
  })
})
