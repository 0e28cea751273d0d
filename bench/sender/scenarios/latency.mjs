import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '../../lib/statistics.mjs'
import { nextEvent } from '../events.mjs'

/** How long to wait, at the end, for what is late. */
const patienceMs = 10_000

/**
 * From `send()` to the request at the endpoint, at a steady rate, in milliseconds. The endpoint is in this process: one clock.
 *
 * @param call `send` or `sendInTransaction`
 */
export async function measure({ open }, { rate, ms, call }) {
  const sentAt = new Map()
  const took = []
  const endpoint = await startEndpoint((id, at) => {
    took.push(at - sentAt.get(id))
    sentAt.delete(id)
  })
  const stack = await open({ origin: endpoint.origin, onDelivered: () => {} })
  await stack.start()
  await sendSteadily({ rate, total: Math.ceil((rate * ms) / 1_000) }, (event) => {
    sentAt.set(event.id, performance.now())
    return stack[call](event)
  })
  for (let left = patienceMs; left > 0 && sentAt.size > 0; left -= 50) await sleep(50)
  await stack.close()
  endpoint.close()
  // What connects and compiles at first is not the steady state.
  const steady = took.slice(Math.min(2 * rate, took.length / 4))
  return { p50: quantile(steady, 0.5), p99: quantile(steady, 0.99), lost: sentAt.size }
}

/** A timer fires at most once a millisecond: each time all that is due by then is sent. */
async function sendSteadily({ rate, total }, send) {
  const began = performance.now()
  const sends = []
  while (sends.length < total) {
    const due = Math.min(total, ((performance.now() - began) * rate) / 1_000)
    while (sends.length < due) sends.push(send(nextEvent()))
    await sleep(1)
  }
  await Promise.all(sends)
}

function startEndpoint(onRequest) {
  const server = createServer({ noDelay: true }, (socket) => {
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk
      const head = text.indexOf('\r\n\r\n')
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1])
      if (head === -1 || text.length < head + 4 + length) return
      onRequest(/\r\nwebhook-id: (\S+)/i.exec(text)?.[1], performance.now())
      text = ''
      socket.write('HTTP/1.1 204 No Content\r\n\r\n')
    })
    socket.on('error', () => socket.destroy())
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({ origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() })
    })
  })
}
