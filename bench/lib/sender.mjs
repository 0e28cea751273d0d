import { createSender } from '@posthorn/sender'
import { secret } from './event.mjs'

/**
 * The sender as it comes, with everything on: retries, caps, leases, log, guard. One endpoint may use every slot, as the others' may; its cap
 * counts outcomes on their way to the store, too, so it is twice the slots.
 */
export async function openSender(store, { origin, concurrency, onDelivered }) {
  const sender = createSender({
    store,
    network: { development: true, ports: 'any' },
    worker: { concurrency, perEndpoint: 2 * concurrency },
  })
  await sender.migrate()
  const { items } = await sender.endpoints.list()
  if (items.length === 0)
    await sender.endpoints.create({ url: `${origin}/`, eventTypes: ['*'], secret })
  sender.on('delivery.succeeded', onDelivered)
  return sender
}
