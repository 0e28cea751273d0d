import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Stage } from './stage'

export interface ChildOptions {
  /** In `src/`. */
  readonly script: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly onMessage: (message: unknown) => void
}

export interface Child {
  send(message: object): void
  /** SIGKILL: no handler of the process runs. */
  kill(): Promise<void>
  /** Asks the process to end, and waits until it has. */
  stop(): Promise<void>
}

/** Starts a process of this example. The demo fails if it ends before it is asked to. */
export function startChild(stage: Stage, options: ChildOptions): Child {
  const script = new URL(`../${options.script}`, import.meta.url)
  const child = fork(script, options.args, {
    env: { ...process.env, ...options.env },
    // Standard output stays the director's; errors of a child are worth seeing.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  let asked = false
  stage.adopt(child)
  child.on('message', options.onMessage)
  child.once('exit', (code, signal) => {
    if (!asked) stage.fail(`${options.script} ended by itself (${signal ?? code})`)
  })
  return {
    send: (message) => void child.send(message),
    kill: async () => {
      asked = true
      child.kill('SIGKILL')
      await exited
    },
    stop: async () => {
      asked = true
      child.send({ kind: 'stop' })
      await exited
    },
  }
}
