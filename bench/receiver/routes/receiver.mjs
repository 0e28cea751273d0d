import { createReceiver } from '@posthorn/receiver'
import { secret } from '../../lib/event.mjs'

/**
 * The receiver that every route with Posthorn mounts. `store` names a file beside this one that exports `store()`: a further idempotency
 * store is one such file and a line in `../routes.mjs`.
 */
export async function benchReceiver({ store }) {
  const receiver = createReceiver({ secrets: secret, idempotency: await idempotency(store) })
  await receiver.migrate()
  receiver.on('run.completed', () => {})
  return receiver
}

async function idempotency(name) {
  if (name === undefined) return 'none'
  const { store } = await import(`./${name}.mjs`)
  return { store: await store(), source: 'bench' }
}
