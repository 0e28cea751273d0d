import { type HostProcess, startHost } from '../host-process'
import { orders } from '../orders'
import type { Show } from '../show'
import { DemoFailure } from '../stage'

/** Deliveries of the second batch of orders that the host makes before it is killed. */
const untilKill = 60

/** The host is killed in the middle of runs and deliveries, and started again. */
export async function crash(
  { stage, operator, attempts, hostFile }: Show,
  host: HostProcess,
): Promise<HostProcess> {
  const { timeline } = stage
  timeline.scene('The host is killed in the middle')
  attempts.clear()
  host.run(orders(9, 20))
  timeline.say('host', 'starts 12 more orders')
  await stage.until('some deliveries', () => attempts.ok >= untilKill)
  await host.kill()
  const unfinished = operator.runs.unfinished().length
  const { recorded, pending, delivering } = await operator.sender.statistics()
  timeline.say('host', `SIGKILL after ${attempts.ok} deliveries`)
  timeline.say(
    'operator',
    `finds ${unfinished} unfinished runs, ${recorded + pending + delivering} events not delivered, ${delivering} of them in flight`,
  )
  if (unfinished === 0) throw new DemoFailure('the host was killed too late to show anything')

  const next = await startHost(stage, hostFile, attempts.add)
  timeline.say('host', `starts again and takes up ${next.unfinished} runs`)
  await stage.until('everything to be delivered', operator.settled)
  timeline.say('host', 'all runs ended, everything delivered')
  return next
}
