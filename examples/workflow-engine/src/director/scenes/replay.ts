import type { Delivery } from '@posthorn/sender'
import type { Show } from '../show'
import { DemoFailure } from '../stage'

/** An operator replays a delivery: once as the same message, and once as a new one. */
export async function replay({ stage, operator }: Show): Promise<void> {
  const { timeline } = stage
  const { deliveries } = operator.sender
  timeline.scene('An operator replays a delivery')
  const { items } = await deliveries.list({ type: 'run.failed', status: 'succeeded', limit: 1 })
  const [original] = items
  if (original === undefined) throw new DemoFailure('no run.failed was delivered')

  const same = await finished(deliveries.replay(original.id, { as: 'same' }))
  timeline.say('operator', `replays ${original.type} as the same message: ${await answer(same)}`)
  const fresh = await finished(deliveries.replay(original.id, { as: 'new' }))
  timeline.say('operator', `replays it as a new message: ${await answer(fresh)}`)

  async function finished(started: Promise<Delivery>): Promise<Delivery> {
    const { id } = await started
    await stage.until('the replay', async () => (await deliveries.get(id)).status === 'succeeded')
    return deliveries.get(id)
  }

  async function answer({ id, messageId }: Delivery): Promise<string> {
    const last = (await deliveries.attempts(id)).at(-1)
    const what = last?.duplicate ? 'handled before, so not again' : 'handled'
    return `${last?.status} ${what} (${messageId})`
  }
}
