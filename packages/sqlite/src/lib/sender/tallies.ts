import type { finalStatuses } from '@posthorn/sender/store'
import type { Connection } from '../connection'

const ADD_TALLIES = `
  INSERT INTO posthorn_tallies (tenant_id, status, count)
  SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true
  ON CONFLICT DO UPDATE SET count = count + excluded.count`

export type FinalStatus = (typeof finalStatuses)[number]

/** Counts finished deliveries that come or go, to be written once for a whole operation. */
export class Tallies {
  readonly #counts = new Map<string, Map<FinalStatus, number>>()

  add(tenantId: string, status: FinalStatus, count: number): void {
    const counts = this.#counts.get(tenantId) ?? new Map<FinalStatus, number>()
    this.#counts.set(tenantId, counts)
    counts.set(status, (counts.get(status) ?? 0) + count)
  }

  write(connection: Connection): void {
    const rows = [...this.#counts].flatMap(([tenantId, counts]) =>
      [...counts].map(([status, count]) => [tenantId, status, count]),
    )
    if (rows.length > 0) connection.run(ADD_TALLIES, JSON.stringify(rows))
  }
}
