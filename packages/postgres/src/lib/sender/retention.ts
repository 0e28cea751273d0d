import type { Pruned, PruneRequest } from '@posthorn/sender'
import type { Database } from '../database'
import { int } from '../values'
import { rowOf } from './answers'

export async function prune(database: Database, request: PruneRequest): Promise<Pruned> {
  const { events, attempts, limit } = request
  const ages = { events: events && Math.round(events), attempts: attempts && Math.round(attempts) }
  const row = rowOf(await database.call('prune', { ...ages, limit }))
  return {
    payloads: int(row, 'payloads'),
    attempts: int(row, 'attempts'),
    deliveries: int(row, 'deliveries'),
    events: int(row, 'events'),
  }
}
