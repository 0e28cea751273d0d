import { createReceiver } from '@posthorn/receiver'
import { schemes, verifySignature } from '@posthorn/schema/signature'
import { secret } from '../lib/event.mjs'

const maxBodyBytes = 2 ** 21

/** `verify`: the function that stands on its own. `receive`: the whole pipeline, to a handler. */
export async function open({ call, catalogue }) {
  if (call === 'verify') return verifyAndParse
  const events = catalogue ? (await import('./catalogue.mjs')).events : undefined
  const receiver = createReceiver({ events, secrets: secret, idempotency: 'none', maxBodyBytes })
  let handled
  receiver.on('run.completed', (event) => {
    handled = event
  })
  return async (request) => {
    const { status } = await receiver.receive(request)
    if (status !== 200) throw new Error(`answered with ${status}`)
    return handled
  }
}

const tolerance = { past: 300, future: 300 }

async function verifyAndParse(request) {
  const now = Math.floor(Date.now() / 1_000)
  const result = await verifySignature(schemes.standard, request, [secret], { now, tolerance })
  if (!result.ok) throw new Error(result.code)
  return JSON.parse(request.body)
}
