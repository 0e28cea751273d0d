import type { Statistics } from '@posthorn/sender'
import type { Database } from '../database'
import { int, optionalInt } from '../values'
import { rowOf } from './answers'

/** Successful deliveries are all but the others, which have an index of their own. */
export async function countAll(
  database: Database,
  tenantId: string | undefined,
): Promise<Statistics> {
  const { schema } = database
  const of = (table: string) => (tenantId === undefined ? '' : `${table}.tenant_id = $1::text AND`)
  const statement = `
    SELECT json_build_object(
      'due', w.due, 'pending', w.pending, 'delivering', w.delivering, 'oldest', w.oldest,
      'succeeded', (SELECT count(*) FROM ${schema}.deliveries d WHERE ${of('d')} true) - f.unsent,
      'failed', f.failed, 'skipped', f.skipped, 'canceled', f.canceled,
      'enabled', e.enabled, 'paused', e.paused, 'disabled', e.disabled,
      'recorded', (SELECT count(*) FROM ${schema}.unmatched u WHERE ${of('u')} true))::text AS result
    FROM (
      SELECT count(*) FILTER (WHERE q.token IS NULL AND q.due_at <= n.now) AS due,
        count(*) FILTER (WHERE q.token IS NULL) AS pending, count(q.token) AS delivering,
        max(n.now - q.due_at) FILTER (WHERE q.token IS NULL AND q.due_at <= n.now) AS oldest
      FROM (SELECT ${schema}.now_ms() AS now) n JOIN ${schema}.queue q ON ${of('q')} true) w,
    (
      SELECT count(*) AS unsent, count(*) FILTER (WHERE d.status = 'failed') AS failed,
        count(*) FILTER (WHERE d.status = 'skipped') AS skipped, count(*) FILTER (WHERE d.status = 'canceled') AS canceled
      FROM ${schema}.deliveries d WHERE ${of('d')} d.status <> 'succeeded') f,
    (
      SELECT count(*) FILTER (WHERE e.status = 'enabled') AS enabled,
        count(*) FILTER (WHERE e.status = 'paused') AS paused,
        count(*) FILTER (WHERE e.status = 'disabled') AS disabled
      FROM ${schema}.endpoints e WHERE ${of('e')} true) e`
  const row = rowOf(await database.ask(statement, tenantId === undefined ? [] : [tenantId]))
  return {
    due: int(row, 'due'),
    pending: int(row, 'pending'),
    delivering: int(row, 'delivering'),
    succeeded: int(row, 'succeeded'),
    failed: int(row, 'failed'),
    skipped: int(row, 'skipped'),
    canceled: int(row, 'canceled'),
    recorded: int(row, 'recorded'),
    oldestDueAgeMs: optionalInt(row, 'oldest'),
    endpoints: {
      enabled: int(row, 'enabled'),
      paused: int(row, 'paused'),
      disabled: int(row, 'disabled'),
    },
  }
}
