import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { signTestRequest } from '@posthorn/receiver/testing'
import { type Cluster, startCluster } from './cluster'

const DELIVERIES = 200
const COPIES = 5
const PROCESSES = 4
const AT_ONCE = 20
const KILL_EVERY_MS = 100
const DEADLINE_MS = 60_000

const secret = `whsec_${btoa('s'.repeat(32))}`

export interface StormOptions {
  /** What the processes are told of the store. */
  readonly store: object
  readonly transactional?: boolean
  /** Whether one of the processes is killed every 100 ms. */
  readonly kills?: boolean
  /** How often the effect of a message is there, where it is kept in a database. */
  readonly effectsOf?: (id: string) => Promise<number>
}

export interface Storm {
  /** What each message came to: how often a handler began and ended, and its effect was there in the end. */
  readonly began: ReadonlyMap<string, number>
  readonly ended: ReadonlyMap<string, number>
  readonly effects: ReadonlyMap<string, number>
  /** Answers of 2xx while the effect was not there. */
  readonly premature: readonly string[]
  readonly statuses: Readonly<Record<string, number>>
  readonly kills: number
}

/** 4 processes get 200 messages, each sent 5 times at once, and again until a 2xx. */
export async function storm(options: StormOptions): Promise<Storm> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-storm-'))
  const journal = join(folder, 'journal')
  writeFileSync(journal, '')
  // Of the dead, claims must end soon; of the living, none may end because the machine is busy.
  const lease = options.kills ? '1s' : '30s'
  const settings = { ...options, secret, source: 'shop', lease, journal }
  const cluster = await startCluster(PROCESSES, settings)
  const killer = options.kills ? startKiller(cluster) : undefined
  try {
    const ids = Array.from({ length: DELIVERIES }, (_, index) => `msg_${index}`)
    const lines = (word: string) => count(readFileSync(journal, 'utf8'), word)
    const effectsOf = options.effectsOf ?? (async (id) => lines('ended').get(id) ?? 0)
    const { premature, statuses } = await sendAll(cluster, ids, effectsOf)
    killer?.stop()
    const effects = new Map<string, number>()
    for (const id of ids) effects.set(id, await effectsOf(id))
    const kills = killer?.kills() ?? 0
    return { began: lines('began'), ended: lines('ended'), effects, premature, statuses, kills }
  } finally {
    killer?.stop()
    await cluster.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function sendAll(
  cluster: Cluster,
  ids: readonly string[],
  effectsOf: (id: string) => Promise<number>,
) {
  const premature: string[] = []
  const statuses: Record<string, number> = {}
  const deadline = performance.now() + DEADLINE_MS
  const send = async (id: string, request: RequestInit) => {
    for (;;) {
      if (performance.now() > deadline)
        throw new Error(`no 2xx for ${id} in time: ${JSON.stringify(statuses)}`)
      const response = await cluster.send(request)
      const status = String(response?.status ?? 'none')
      statuses[status] = (statuses[status] ?? 0) + 1
      if (response?.ok) {
        if ((await effectsOf(id)) !== 1) premature.push(id)
        return
      }
      await sleep(20 + Math.random() * 60)
    }
  }
  const waiting = [...ids]
  const next = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      const event = { id, type: 'order.paid', timestamp: new Date().toISOString(), data: {} }
      const request = await signTestRequest(event, { secret })
      const name = id
      await Promise.all(Array.from({ length: COPIES }, () => send(name, request)))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, next))
  return { premature, statuses }
}

function startKiller(cluster: Cluster) {
  let kills = 0
  const timer = setInterval(() => {
    if (cluster.kill()) kills += 1
  }, KILL_EVERY_MS)
  return { kills: () => kills, stop: () => clearInterval(timer) }
}

function count(text: string, word: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [first, id] = line.split(' ')
    if (first === word && id) counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}

/** Those of the messages that have another count than one. */
export function notOnce(counts: ReadonlyMap<string, number>): readonly [string, number][] {
  const wrong = [...counts].filter(([, times]) => times !== 1)
  return counts.size === DELIVERIES ? wrong : [...wrong, ['messages', counts.size]]
}

export const total = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, times) => sum + times, 0)
