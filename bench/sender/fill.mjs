import { fill } from './events.mjs'
import { openStack } from './run.mjs'

/** Fills a stack's store in a process of its own, so that what this needs is not in the figures. */
export async function run({ stack, place, total }) {
  const opened = await openStack(stack, { ...place, onDelivered: () => {} })
  await fill(opened, { total, lanes: 2 })
  await opened.close()
  return {}
}
