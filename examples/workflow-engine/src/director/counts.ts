import type { AttemptClass, Delivery } from '@posthorn/sender'
import { z } from 'zod'
import { type OutcomeCounts, outcomeCounts } from '../app/outcome-counter'
import { query } from '../database'
import type { HostSender } from '../host/sender'
import type { AppFile } from './app-file'
import type { Operator } from './operator'
import { allPages } from './pages'

/** What the two databases and the application's counters say once all is done. */
export interface Counts {
  readonly runs: readonly RunCount[]
  /** Status of each run as the application knows it. */
  readonly seenRuns: ReadonlyMap<string, string>
  readonly events: readonly SentEvent[]
  readonly deliveries: readonly Delivery[]
  readonly attempts: AttemptCounts
  /** Message ids in the application's log, one for each time that a handler ran. */
  readonly handled: readonly string[]
  /** What the receiver answered. */
  readonly outcomes: OutcomeCounts
}

/** An event of the sender, and what it tells: the run, the node and the state. */
export interface SentEvent {
  readonly id: string
  readonly transition: string
}

interface AttemptCounts {
  readonly begun: number
  readonly succeeded: number
  readonly failed: number
  /** Those of the failed that got no answer in time. */
  readonly timedOut: number
  /** Begun, and never heard of again: the process died. */
  readonly cutOff: number
}

const runRow = z.object({ id: z.string(), status: z.string(), transitions: z.int() })
type RunCount = z.infer<typeof runRow>

export async function gatherCounts(
  { db, sender }: Operator,
  app: AppFile,
  countsUrl: URL,
): Promise<Counts> {
  const deliveries = await allPages((query) => sender.deliveries.list(query))
  const stored = await allPages((query) => sender.events.list(query))
  return {
    runs: query(db, 'select id, status, transitions from runs order by rowid', runRow),
    seenRuns: app.runStatuses(),
    events: stored.map(({ id, type, body }) => ({ id, transition: transitionOf(type, body) })),
    deliveries,
    attempts: await countAttempts(sender, deliveries),
    handled: app.handled().map(({ messageId }) => messageId),
    outcomes: outcomeCounts.parse(await (await fetch(countsUrl)).json()),
  }
}

const told = z.object({ data: z.object({ runId: z.string(), nodeId: z.string().optional() }) })

/** No process of the demo has a loop, so each of these happens once. */
function transitionOf(type: string, body: Uint8Array | undefined): string {
  const { data } = told.parse(JSON.parse(Buffer.from(body ?? []).toString()))
  return `${data.runId} ${data.nodeId ?? ''} ${type}`
}

async function countAttempts(
  sender: HostSender,
  deliveries: readonly Delivery[],
): Promise<AttemptCounts> {
  const begun = deliveries.reduce((sum, { attempts }) => sum + attempts, 0)
  const logs = await Promise.all(deliveries.map(({ id }) => sender.deliveries.attempts(id)))
  const ended = logs.flat()
  const count = (outcome: AttemptClass) =>
    ended.filter((attempt) => attempt.outcome === outcome).length
  const succeeded = count('success')
  return {
    begun,
    succeeded,
    failed: ended.length - succeeded,
    timedOut: count('timeout'),
    cutOff: begun - ended.length,
  }
}
