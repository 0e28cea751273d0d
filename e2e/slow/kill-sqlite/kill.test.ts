import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSender } from '@posthorn/sender'
import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'
import { afterAll, it } from 'vitest'
import { killOptions } from '../lib/kill-options'
import { killStorm, survivesKills, type Worker } from '../lib/kill-storm'

const folder = await mkdtemp(join(tmpdir(), 'posthorn-kill-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

it(survivesKills, async () => {
  const file = join(folder, 'posthorn.db')
  const store = sqliteStore(await openSqlite(file))
  const sender = createSender({ store, ...killOptions })
  await sender.migrate()
  await killStorm({ sender, startWorker: () => startWorker(file) })
  await store.close()
})

async function startWorker(file: string): Promise<Worker> {
  const script = fileURLToPath(new URL('./worker.ts', import.meta.url))
  const child = fork(script, [file], { execArgv: ['--import', 'tsx'] })
  const exit = once(child, 'exit')
  await Promise.race([
    once(child, 'message'),
    exit.then(([code]) => Promise.reject(new RangeError(`the worker ended with ${code}`))),
  ])
  return {
    async kill() {
      child.kill('SIGKILL')
      await exit
    },
  }
}
