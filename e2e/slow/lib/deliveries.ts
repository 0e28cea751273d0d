import type { Delivery, Sender } from '@posthorn/sender'

/** `count` events over `types` event types: `run.0`, `run.1`, …. */
export function events(count: number, types: number) {
  return Array.from({ length: count }, (_, index) => ({
    id: `e${index}`,
    type: `run.${index % types}`,
    data: { index, padding: 'x'.repeat(500) },
  }))
}

/** One endpoint for each of `types` event types, at a path of its own. */
export async function createEndpoints(sender: Sender, at: string, types: number): Promise<void> {
  for (let index = 0; index < types; index += 1)
    await sender.endpoints.create({ url: `${at}/${index}`, eventTypes: [`run.${index}`] })
}

/** Every delivery of a status, page by page. */
export async function deliveriesOf(
  sender: Sender,
  status: Delivery['status'],
): Promise<readonly Delivery[]> {
  const found: Delivery[] = []
  let cursor: string | undefined
  do {
    const page = await sender.deliveries.list({ status, limit: 500, ...(cursor && { cursor }) })
    found.push(...page.items)
    cursor = page.cursor
  } while (cursor !== undefined)
  return found
}

/** Resolves once nothing waits or runs, with the milliseconds that took; rejects after `mostMs`. */
export async function drained(sender: Sender, mostMs = 60_000): Promise<number> {
  const began = performance.now()
  for (;;) {
    const left = await unfinished(sender)
    const ms = Math.round(performance.now() - began)
    if (left === 0) return ms
    if (ms > mostMs) throw new RangeError(`${left} deliveries are left after ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function unfinished(sender: Sender): Promise<number> {
  try {
    const { recorded, pending, delivering } = await sender.statistics()
    return recorded + pending + delivering
  } catch {
    return Number.NaN
  }
}
