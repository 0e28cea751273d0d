import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Report {
  readonly succeeded: number
  readonly sent: readonly string[]
}

/** A process that runs `process.mjs`. */
export interface Host {
  readonly child: ChildProcess
  /** Resolves when it has ended, by itself or killed. */
  readonly ended: Promise<void>
  /** What it says in the end; undefined when it died first. */
  readonly report: Promise<Report | undefined>
  kill(): Promise<void>
  /** As a process manager does it: SIGTERM. */
  stop(): Promise<Report | undefined>
}

const script = fileURLToPath(new URL('./process.mjs', import.meta.url))

/** Resolves once the process runs; one that dies at once is answered too. */
export async function startHost(settings: object): Promise<Host> {
  const child = fork(script, [JSON.stringify(settings)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let problems = ''
  child.stderr?.on('data', (data) => {
    problems += String(data)
  })
  const ended = once(child, 'exit').then(() => {})
  const report = new Promise<Report | undefined>((resolve) => {
    child.on('message', (message) => isReport(message) && resolve(message.report))
    void ended.then(() => resolve(undefined))
  })
  await Promise.race([once(child, 'message'), ended])
  if (child.exitCode !== null && child.exitCode !== 0)
    throw new RangeError(`a process ended: ${problems}`)
  return {
    child,
    ended,
    report,
    kill() {
      child.kill('SIGKILL')
      return ended
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
      return report
    },
  }
}

const isReport = (message: unknown): message is { readonly report: Report } =>
  typeof message === 'object' && message !== null && 'report' in message
