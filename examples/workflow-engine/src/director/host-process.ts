import { type AttemptReport, type HostCommand, hostReport } from '../host/messages'
import type { NewRun } from '../host/runs'
import { startChild } from './child'
import type { Stage } from './stage'

/** The host, in a process of its own. */
export interface HostProcess {
  /** Runs that it found unfinished when it started. */
  readonly unfinished: number
  run(runs: readonly NewRun[]): void
  kill(): Promise<void>
  stop(): Promise<void>
}

export async function startHost(
  stage: Stage,
  file: string,
  onAttempt: (attempt: AttemptReport) => void,
): Promise<HostProcess> {
  let unfinished: number | undefined
  const child = startChild(stage, {
    script: 'engine-host.ts',
    args: [file],
    onMessage: (message) => {
      const report = hostReport.parse(message)
      if (report.kind === 'ready') unfinished = report.unfinished
      else if (report.kind === 'attempt') onAttempt(report)
    },
  })
  await stage.until('the host to start', () => unfinished !== undefined)
  return {
    unfinished: unfinished ?? 0,
    run: (runs) => child.send({ kind: 'run', runs: [...runs] } satisfies HostCommand),
    kill: child.kill,
    stop: child.stop,
  }
}
