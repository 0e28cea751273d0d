import { createHmac } from 'node:crypto'
import { body as bodyOf, key } from '../lib/event.mjs'

const batch = 64
const leastBatches = 40

/**
 * Verifications, one after the other, of one signed body among the headers that come with a request: per second of CPU time, which other
 * work on the machine disturbs less than it does the clock.
 */
export async function run({ verifier, bytes, ms, ...settings }) {
  const { open } = await import(new URL(verifier, import.meta.url))
  const request = signed(bodyOf(bytes))
  const verify = await open({ ...request, ...settings })
  await repeat(verify, request, ms / 2)
  return { perSecond: await repeat(verify, request, ms) }
}

async function repeat(verify, request, ms) {
  // Large bodies take milliseconds each: the clock is asked more often.
  const size = request.body.length > 100_000 ? 4 : batch
  const cpu = process.cpuUsage()
  const until = performance.now() + ms
  let done = 0
  while (performance.now() < until || done < leastBatches * size) {
    for (let turn = 0; turn < size; turn += 1) {
      const result = verify(request)
      if (result instanceof Promise) await result
    }
    done += size
  }
  const { user, system } = process.cpuUsage(cpu)
  return (done / (user + system)) * 1e6
}

function signed(body) {
  const timestamp = Math.floor(Date.now() / 1_000)
  const id = 'evt_0001'
  const digest = createHmac('sha256', key)
    .update(`${id}.${timestamp}.`)
    .update(body)
    .digest('base64')
  const headers = {
    host: 'receiver.example',
    connection: 'keep-alive',
    'accept-encoding': 'identity',
    'content-type': 'application/json',
    'user-agent': 'Posthorn/0.1.0',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${digest}`,
    'content-length': String(body.length),
  }
  return { headers, body, timestamp }
}
