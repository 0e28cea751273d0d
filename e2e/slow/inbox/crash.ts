import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { InboxStore } from '@posthorn/receiver'
import { signTestRequest } from '@posthorn/receiver/testing'
import { type Cluster, startCluster } from '../idempotency/cluster'

const EVENTS = 200
const PROCESSES = 2
const AT_ONCE = 8
const KILL_EVERY_MS = 150
const DEADLINE_MS = 120_000

const secret = `whsec_${btoa('s'.repeat(32))}`

export interface CrashOptions {
  /** What the processes are told of the store. */
  readonly settings: object
  /** On the same data, to look. */
  readonly store: InboxStore
  /** How often the effect of an event is there. */
  readonly effectsOf: (id: string) => Promise<number>
}

export interface Crash {
  readonly kills: number
  /** Answers by status. */
  readonly answers: Readonly<Record<string, number>>
  /** How often the handlers began, in all. */
  readonly began: number
  /** Events whose tasks are not both done. */
  readonly unfinished: readonly string[]
  /** Events that a handler never saw. */
  readonly unseen: readonly string[]
  /** Events whose effect is not there once. */
  readonly notOnce: readonly string[]
}

/** 2 processes get 200 events, and one of them is killed every 150 ms until all is done. */
export async function crash({ settings, store, effectsOf }: CrashOptions): Promise<Crash> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-inbox-'))
  const journal = join(folder, 'journal')
  writeFileSync(journal, '')
  const script = new URL('./worker.mjs', import.meta.url)
  const cluster = await startCluster(PROCESSES, { secret, journal, store: settings }, script)
  let kills = 0
  const killer = setInterval(() => {
    if (cluster.kill()) kills += 1
  }, KILL_EVERY_MS)
  try {
    const ids = Array.from({ length: EVENTS }, (_, index) => `msg_${index}`)
    const answers = await sendAll(cluster, ids)
    await untilDone(store)
    clearInterval(killer)
    const lines = readFileSync(journal, 'utf8').split('\n')
    const seen = new Set(lines)
    const [unfinished, notOnce] = [[] as string[], [] as string[]]
    for (const id of ids) {
      const tasks = (await store.get({ source: 'shop', id }))?.tasks ?? []
      if (tasks.filter(({ state }) => state === 'done').length !== 2) unfinished.push(id)
      if ((await effectsOf(id)) !== 1) notOnce.push(id)
    }
    const unseen = ids.filter((id) => !seen.has(`ledger ${id}`) || !seen.has(`mail ${id}`))
    return { kills, answers, began: lines.length - 1, unfinished, unseen, notOnce }
  } finally {
    clearInterval(killer)
    await cluster.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Each until it was acknowledged, as a sender would. */
async function sendAll(cluster: Cluster, ids: readonly string[]) {
  const answers: Record<string, number> = {}
  const waiting = [...ids]
  const next = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      const event = { id, type: 'order.paid', timestamp: new Date().toISOString(), data: {} }
      for (let isOk = false; !isOk; ) {
        const response = await cluster.send(await signTestRequest(event, { secret }))
        const status = String(response?.status ?? 'none')
        answers[status] = (answers[status] ?? 0) + 1
        isOk = response?.ok === true
        await sleep(isOk ? 0 : 20)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, next))
  return answers
}

async function untilDone(store: InboxStore): Promise<void> {
  for (const deadline = performance.now() + DEADLINE_MS; performance.now() < deadline; ) {
    const { pending, running } = await store.statistics()
    if (pending + running === 0) return
    await sleep(50)
  }
  throw new Error(`not done in time: ${JSON.stringify(await store.statistics())}`)
}
