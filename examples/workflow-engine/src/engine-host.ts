// The host: a process with one SQLite file, which runs BPMN processes and sends what happens to them.
//   node --import tsx src/engine-host.ts <file.db>
import { openDatabase } from './database'
import { executeRun } from './host/execute-run'
import { type HostReport, hostCommand } from './host/messages'
import { createRecorder } from './host/recorder'
import { createRuns, type NewRun, type UnfinishedRun } from './host/runs'
import { createHostSender } from './host/sender'

const [file] = process.argv.slice(2)
if (file === undefined) throw new TypeError('usage: engine-host <file.db>')

const db = await openDatabase(file)
const runs = createRuns(db)
const sender = createHostSender(db)
const recorder = createRecorder(db, sender, runs)

runs.migrate()
await sender.migrate()

sender.on('attempt', ({ eventId, eventType, attempt }) => {
  const { number, outcome, status, error } = attempt
  const result = String(status ?? error?.code ?? outcome)
  report({ kind: 'attempt', eventId, eventType, number, ok: outcome === 'success', result })
})
process.on('message', (message) => {
  const command = hostCommand.parse(message)
  if (command.kind === 'run') begin(command.runs)
  else void stop()
})
// Whoever started this process is gone.
process.on('disconnect', () => process.exit())

// Runs that the last process left behind go on here; their deliveries do so by themselves.
const unfinished = runs.unfinished()
report({ kind: 'ready', unfinished: unfinished.length })
sender.start()
execute(unfinished)

function begin(ordered: readonly NewRun[]): void {
  const startedAt = new Date()
  runs.add(ordered, startedAt)
  execute(ordered.map((run) => ({ ...run, startedAt: startedAt.toISOString() })))
}

/** A run that cannot be recorded ends this process, unhandled: the next one repeats it. */
function execute(some: readonly UnfinishedRun[]): void {
  for (const run of some) void executeRun(run, recorder)
}

async function stop(): Promise<void> {
  await recorder.settled()
  await sender.stop({ timeout: '5s' })
  db.close?.()
  process.disconnect?.()
}

function report(message: HostReport): void {
  process.send?.(message)
}
