import { join } from 'node:path'
import { createSender } from '@posthorn/sender'
import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'
import { secret } from '../../lib/event.mjs'

/** The sender as it comes, with everything on: retries, caps, leases, log, guard. One endpoint may use every slot, as the others' may. */
export async function open({ folder, origin, concurrency, onDelivered }) {
  const sender = createSender({
    store: sqliteStore(await openSqlite(join(folder, 'posthorn.db'))),
    network: { development: true, ports: 'any' },
    worker: { concurrency, perEndpoint: concurrency },
  })
  await sender.migrate()
  await sender.endpoints.create({ url: `${origin}/`, eventTypes: ['*'], secret })
  sender.on('delivery.succeeded', onDelivered)
  return {
    send: (event) => sender.send(event),
    sendMany: (events) => sender.sendMany(events),
    start: () => sender.start(),
    close: () => sender.stop({ timeout: '1s' }),
  }
}
