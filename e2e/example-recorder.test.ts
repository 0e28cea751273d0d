import { openSqlite } from '@posthorn/sqlite/sender'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../examples/workflow-engine/src/database'
import order from '../examples/workflow-engine/src/engine/fixtures/order.json'
import { processes } from '../examples/workflow-engine/src/engine/processes'
import { createRecorder } from '../examples/workflow-engine/src/host/recorder'
import { createRuns, type Runs } from '../examples/workflow-engine/src/host/runs'
import { createHostSender, type HostSender } from '../examples/workflow-engine/src/host/sender'

const run = { id: 'order-1', process: processes.order, startedAt: '2026-01-31T12:00:00.000Z' }

let db: Database
let sender: HostSender
let runs: Runs

beforeEach(async () => {
  db = await openSqlite(':memory:')
  sender = createHostSender(db)
  runs = createRuns(db)
  runs.migrate()
  await sender.migrate()
  runs.add([{ id: run.id, process: 'order', variables: {} }], new Date(run.startedAt))
})

afterEach(() => {
  db.close?.()
})

/** Plays a recorded run to a recorder, as the engine did. */
async function play(withRuns: Runs): Promise<void> {
  const recorder = createRecorder(db, sender, withRuns)
  const listener = recorder.listen(run)
  for (const signal of order) listener(signal)
  await recorder.settled()
}

async function recorded() {
  const { items } = await sender.events.list({ limit: 500 })
  const row: unknown = db.prepare('select status, transitions from runs').get()
  return { events: items.length, row }
}

describe('the recorder of the example', () => {
  it('records a run and its events together', async () => {
    await play(runs)
    const { events, row } = await recorded()
    expect(events).toBe(52)
    expect(row).toMatchObject({ status: 'completed', transitions: 52 })
  })

  it('tells nothing twice when a run is repeated', async () => {
    await play(runs)
    await play(runs)
    expect(await recorded()).toMatchObject({ events: 52, row: { transitions: 52 } })
  })

  it('sends nothing of a transaction that fails after its events', async () => {
    const failing: Runs = {
      ...runs,
      apply(event) {
        runs.apply(event)
        throw new RangeError('the host cannot store this')
      },
    }
    await expect(play(failing)).rejects.toThrow('the host cannot store this')
    expect(await recorded()).toMatchObject({ events: 0, row: { status: 'queued', transitions: 0 } })
  })
})
