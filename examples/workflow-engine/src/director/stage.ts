import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTimeline, type Timeline } from './timeline'

/** The demo did not go as it must. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure'
}

/** What every scene needs: a place for files, a timeline, and the care that nothing outlives the demo. */
export interface Stage {
  readonly timeline: Timeline
  /** A path in the demo's own temporary folder. */
  file(name: string): string
  /** Has a child process killed when the demo ends, however it ends. */
  adopt(child: ChildProcess): void
  /** Ends the demo where it stands: what waits in `until` rejects. */
  fail(reason: string): void
  /** Resolves once `condition` holds; fails the demo when that takes longer than `within` milliseconds. */
  until(what: string, condition: () => boolean | Promise<boolean>, within?: number): Promise<void>
}

const pollEvery = 25

export function createStage(): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-demo-'))
  const children = new Set<ChildProcess>()
  const failure = new AbortController()
  cleanUpAtExit(() => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  return {
    timeline: createTimeline(process.stdout, () => performance.now()),
    file: (name) => join(folder, name),
    adopt: (child) => {
      children.add(child)
      child.once('exit', () => children.delete(child))
    },
    fail: (reason) => failure.abort(new DemoFailure(reason)),
    until: async (what, condition, within = 40_000) => {
      const deadline = performance.now() + within
      while (!(await condition())) {
        failure.signal.throwIfAborted()
        if (performance.now() > deadline) throw new DemoFailure(`waited too long: ${what}`)
        await sleep(pollEvery)
      }
    },
  }
}

/** Also when it is interrupted. */
function cleanUpAtExit(cleanUp: () => void): void {
  process.once('exit', cleanUp)
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
}
