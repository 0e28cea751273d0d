import { setTimeout as sleep } from 'node:timers/promises'
import { type HostProcess, startHost } from '../host-process'
import { orders } from '../orders'
import type { Show } from '../show'
import { DemoFailure } from '../stage'

const orderEvery = 80
const deliveriesBeforeKill = 30

/** The host is killed in the middle of runs and deliveries, and started again. */
export async function crash(show: Show, host: HostProcess): Promise<HostProcess> {
  const { stage, operator, attempts, hostFile } = show
  const { timeline } = stage
  timeline.scene('The host is killed in the middle')
  attempts.clear()
  timeline.say('host', 'runs more orders, one after the other')
  for (const order of orders(5, 9)) {
    host.run([order])
    await sleep(orderEvery)
  }
  await stage.until('some deliveries', () => attempts.ok >= deliveriesBeforeKill)
  host.run(orders(10, 10))
  // The host is free to forget an order until it is in its database.
  const taken = () => operator.runs.unfinished().some(({ id }) => id === 'order-10')
  await stage.until('the last order to be under way', taken)
  await host.kill()
  await describeWreck(show)

  const next = await startHost(stage, hostFile, attempts.add)
  timeline.say(
    'host',
    `starts again, repeats ${next.unfinished} of the runs, and runs 2 new orders`,
  )
  next.run(orders(11, 12))
  await stage.until('everything to be delivered', operator.settled)
  timeline.say('host', 'all runs ended, everything delivered')
  return next
}

async function describeWreck({ stage, operator, attempts }: Show): Promise<void> {
  const unfinished = operator.runs.unfinished().length
  const { recorded, pending, delivering } = await operator.sender.statistics()
  const undelivered = recorded + pending + delivering
  stage.timeline.say('host', `SIGKILL after ${attempts.ok} of these deliveries`)
  stage.timeline.say(
    'operator',
    `finds ${unfinished} runs unfinished, ${undelivered} events not delivered, ${delivering} of them in flight`,
  )
  if (unfinished === 0) throw new DemoFailure('the host was killed too late to show anything')
}
