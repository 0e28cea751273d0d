import type { AttemptReport } from '../host/messages'
import { openAppFile } from './app-file'
import { createAttemptLog } from './attempt-log'
import { check } from './checks'
import { gatherCounts } from './counts'
import { freePort } from './free-port'
import { openOperator } from './operator'
import { orders, troubles } from './orders'
import { printReport } from './report'
import { crash } from './scenes/crash'
import { forgery } from './scenes/forgery'
import { outage } from './scenes/outage'
import { replay } from './scenes/replay'
import type { Show } from './show'
import { DemoFailure, type Stage } from './stage'

/** The whole demo; answers whether the counts add up at the end. */
export async function tellStory(stage: Stage): Promise<boolean> {
  const show = await prepareShow(stage)
  const { operator, endpoint, appFile } = show
  const { host, app } = await outage(show)
  const nextHost = await crash(show, host)

  const file = await openAppFile(appFile)
  const captured = file.handled().find(({ type }) => type === 'run.completed')
  if (captured === undefined) throw new DemoFailure('no run.completed was handled')
  const forged = await forgery(show, captured)
  await replay(show)

  const counts = await gatherCounts(operator, file, new URL('/counts', endpoint.url))
  const checks = check(counts, {
    runsOrdered: orders(1, 12).length + troubles.length,
    replaysAsSame: 1,
    replaysAsNew: 1,
    forgery: forged,
  })
  await Promise.all([nextHost.stop(), app.stop()])
  file.close()
  operator.close()
  return printReport(stage.timeline, counts, checks)
}

async function prepareShow(stage: Stage): Promise<Show> {
  const hostFile = stage.file('host.db')
  const operator = await openOperator(hostFile)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/webhooks`
  const { secret } = await operator.sender.endpoints.create({
    url,
    name: 'Shop',
    eventTypes: ['run.*', 'node.*'],
  })
  return {
    stage,
    operator,
    attempts: createAttemptLog((attempt) => stage.timeline.say('host', describe(attempt))),
    endpoint: { url, port, secret },
    hostFile,
    appFile: stage.file('app.db'),
  }
}

function describe({ eventType, number, ok, result }: AttemptReport): string {
  const outcome = ok ? `delivered, ${result}` : result
  return `first event, ${eventType}: attempt ${number}, ${outcome}`
}
