import { load } from '../../lib/load.mjs'
import { nextEvent } from '../events.mjs'

/** 50 callers of `send`, each waiting for its own; nothing delivers meanwhile. */
export async function measure({ open, meter }, { ms }) {
  const stack = await open({ origin: 'http://127.0.0.1:9', onDelivered: () => {} })
  let sends = 0
  const counted = async () => {
    await stack.send(nextEvent())
    sends += 1
  }
  const before = await meter.cpuMicros()
  const { perSecond, cpuMicros } = await load(counted, { lanes: 50, ms })
  const storeMicros = ((await meter.cpuMicros()) - before) / sends
  await stack.close()
  return { perSecond, cpuMicros, storeMicros }
}
