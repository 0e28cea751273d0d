import { startApp } from '../app-process'
import { startHost } from '../host-process'
import { orders, troubles } from '../orders'
import type { Running, Show } from '../show'

/** The application is down when the host begins to send, and comes up later. */
export async function outage({ stage, operator, attempts, ...show }: Show): Promise<Running> {
  const { timeline } = stage
  timeline.scene('The application is down; the host works on')
  timeline.say('operator', `registers ${show.endpoint.url} for run.* and node.*`)
  const host = await startHost(stage, show.hostFile, attempts.add)
  timeline.say('host', 'runs 4 orders, an import that will fail, a refund that will be cancelled')
  host.run([...orders(1, 4), ...troubles])
  await stage.until('the runs to end', () => operator.runs.unfinished().length === 0)
  await stage.until('retries', () => attempts.ofFirst >= 3)
  const { pending, delivering } = await operator.sender.statistics()
  const waiting = pending + delivering
  timeline.say('host', `all runs ended; ${waiting} events wait, ${attempts.failed} attempts failed`)

  timeline.scene('The application comes up')
  const app = await startApp(stage, { file: show.appFile, ...show.endpoint })
  timeline.say('app', `listens on port ${show.endpoint.port}`)
  await stage.until('the backlog to be delivered', operator.settled)
  timeline.say('host', `has delivered all ${attempts.ok}`)
  return { host, app }
}
