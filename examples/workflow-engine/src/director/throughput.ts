import type { LifecycleInput } from '../events'
import type { HostSender } from '../host/sender'
import { openAppFile } from './app-file'
import { startApp } from './app-process'
import { type Check, doubles, equal } from './checks'
import { freePort } from './free-port'
import { openOperator } from './operator'
import { createProgress } from './progress'
import { printChecks } from './report'
import type { Stage } from './stage'
import { lifecycleEvents } from './synthetic-events'

const batchSize = 500

/** Sends many events to the application and prints how fast they arrive; answers whether the counts add up. */
export async function measureThroughput(stage: Stage, count: number): Promise<boolean> {
  const { timeline } = stage
  const host = await openOperator(stage.file('host.db'), { perEndpoint: 50 })
  const port = await freePort()
  const { secret } = await host.sender.endpoints.create({
    url: `http://127.0.0.1:${port}/webhooks`,
    eventTypes: ['*'],
  })
  const appFile = stage.file('app.db')
  const app = await startApp(stage, { file: appFile, port, secret })

  timeline.print(`Sends ${count} events from SQLite to Express, and waits until each is handled.\n`)
  const seconds = await sendAll(stage, host.sender, count)
  timeline.print(`\n${timeline.paint.bold(`${Math.round(count / seconds)} deliveries per second`)}`)

  const { succeeded, pending, delivering, failed } = await host.sender.statistics()
  await host.sender.stop()
  await app.stop()
  const file = await openAppFile(appFile)
  const handled = file.handled().map(({ messageId }) => messageId)
  file.close()
  host.close()
  const checks: readonly Check[] = [
    equal('deliveries succeeded = events', succeeded, count),
    equal('deliveries otherwise = 0', pending + delivering + failed, 0),
    equal('handled = events', handled.length, count),
    equal('messages handled twice = 0', doubles(handled), 0),
  ]
  return printChecks(timeline, checks)
}

/** Answers the seconds from the first event to the last delivery. */
async function sendAll(stage: Stage, sender: HostSender, count: number): Promise<number> {
  const progress = createProgress(process.stdout, count, () => performance.now())
  let delivered = 0
  sender.on('delivery.succeeded', () => {
    delivered += 1
  })
  sender.start()
  const startedAt = performance.now()
  const sending = sendInBatches(sender, count)
  const all = async () => {
    progress.update(delivered)
    return delivered >= count
  }
  await Promise.all([sending, stage.until('all deliveries', all, 600_000)])
  progress.end()
  return (performance.now() - startedAt) / 1_000
}

/** Each batch is one transaction. */
async function sendInBatches(sender: HostSender, count: number): Promise<void> {
  let batch: LifecycleInput[] = []
  for await (const event of lifecycleEvents(count)) {
    batch.push(event)
    if (batch.length < batchSize) continue
    await sender.sendMany(batch)
    batch = []
  }
  await sender.sendMany(batch)
}
