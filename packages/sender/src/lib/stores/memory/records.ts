import type { DeliveryRecord } from '../../model/delivery'
import type { EventRecord } from '../../model/event'
import type { DeliveryRow, EventRow } from './rows'

export function toEventRecord(row: EventRow): EventRecord {
  return {
    tenantId: row.tenantId,
    id: row.id,
    type: row.type,
    version: row.version,
    timestamp: row.timestamp,
    recordedAt: row.recordedAt,
    state: row.state,
    body: row.body,
    ...(row.idempotencyKey === undefined ? {} : { idempotencyKey: row.idempotencyKey }),
    ...(row.orderingKey === undefined ? {} : { orderingKey: row.orderingKey }),
    metadata: row.metadata,
  }
}

export function toDeliveryRecord(row: DeliveryRow): DeliveryRecord {
  return {
    tenantId: row.event.tenantId,
    id: row.id,
    eventId: row.event.id,
    endpointId: row.endpointId,
    eventType: row.event.type,
    messageId: row.messageId,
    state: row.state,
    progress: row.progress,
    ...(row.lastStatus === undefined ? {} : { lastStatus: row.lastStatus }),
    createdAt: row.createdAt,
    ...(row.replayOf === undefined ? {} : { replayOf: row.replayOf }),
  }
}
