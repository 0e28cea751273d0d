import { checkReceived } from '../../lib/received.mjs'
import { startResponder } from '../../lib/server.mjs'
import { fill } from '../events.mjs'
import { countTo, startMeters } from '../meters.mjs'

/** So many events written in bulk, then delivered: rates, CPU time per delivery, memory. Checks that each came once, and signed. */
export async function measure({ open, meter }, { total }) {
  const server = await startResponder()
  const delivered = countTo(total)
  const stack = await open({ origin: server.origin, onDelivered: delivered.count })
  const writing = performance.now()
  await fill(stack, { total })
  const bulkPerSecond = total / ((performance.now() - writing) / 1_000)
  await meter.settle()
  const stop = await startMeters(meter)
  await stack.start()
  await delivered.reached
  const figures = await stop(total)
  await stack.close()
  await checkReceived(await server.received(), { expected: total })
  await server.close()
  return { ...figures, bulkPerSecond }
}
