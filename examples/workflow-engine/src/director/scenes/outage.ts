import type { AttemptReport } from '../../host/messages'
import { startApp } from '../app-process'
import { startHost } from '../host-process'
import { orders, troubles } from '../orders'
import type { Running, Show } from '../show'

const attemptsToSee = 4

/** The application is down when the host begins to send, and comes up later. */
export async function outage({ stage, operator, attempts, ...show }: Show): Promise<Running> {
  const { timeline } = stage
  timeline.scene('The application is down; the host works on')
  timeline.say('operator', `registers ${show.endpoint.url} for run.* and node.*`)
  const host = await startHost(stage, show.hostFile, attempts.add)
  host.run([...orders(1, 8), ...troubles])
  timeline.say('host', 'starts 8 orders, an import that will fail, a refund that will be cancelled')
  await stage.until('attempts to fail', () => attempts.first.length >= attemptsToSee)
  for (const attempt of attempts.first.slice(0, attemptsToSee)) {
    timeline.say('host', describe(attempt))
  }
  await stage.until('the runs to end', () => operator.runs.unfinished().length === 0)
  const { pending, delivering } = await operator.sender.statistics()
  timeline.say(
    'host',
    `all runs ended; ${pending + delivering} deliveries wait after ${attempts.failed} failed attempts`,
  )

  timeline.scene('The application comes up')
  const app = await startApp(stage, { file: show.appFile, ...show.endpoint })
  timeline.say('app', `listens on port ${show.endpoint.port}`)
  await stage.until('the backlog to be delivered', operator.settled)
  const last = attempts.first.at(-1)
  if (last !== undefined) timeline.say('host', describe(last))
  timeline.say('host', `has delivered all ${attempts.ok}`)
  return { host, app }
}

function describe({ eventType, number, ok, result }: AttemptReport): string {
  return `first event (${eventType}), attempt ${number}: ${ok ? 'delivered, ' : ''}${result}`
}
