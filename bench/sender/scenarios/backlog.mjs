import { runInChild } from '../../lib/rounds.mjs'
import { startResponder } from '../../lib/server.mjs'
import { countTo, startMeters } from '../meters.mjs'

const window = 20_000

/**
 * The rate of a worker that finds `backlog` deliveries due, which another process has left: measured over `window` of them, after the first of
 * all, with the memory it has at the end.
 */
export async function measure({ open, meter, stack: { name, ...kind }, place }, { backlog }) {
  const server = await startResponder()
  const settings = { stack: kind, place: { ...place, origin: server.origin }, total: backlog }
  await runInChild({ name, module: new URL('../fill.mjs', import.meta.url), settings })
  await meter.settle()
  const warmUp = Math.min(2_000, Math.floor(backlog / 10))
  const deliveries = Math.min(window, backlog - warmUp)
  const warm = countTo(warmUp)
  const done = countTo(warmUp + deliveries)
  const onDelivered = () => {
    warm.count()
    done.count()
  }
  const stack = await open({ origin: server.origin, onDelivered })
  await stack.start()
  await warm.reached
  const stop = await startMeters(meter)
  await done.reached
  const figures = await stop(deliveries)
  await stack.close()
  await server.close()
  return figures
}
