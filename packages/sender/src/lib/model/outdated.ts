import type { InsertedEvent, NewEvent } from './event'

/** What a store answers of an event whose mark is not that of its tenant's endpoints: nothing of it was written. */
export const outdated = ({ id }: NewEvent): InsertedEvent => ({
  eventId: id,
  duplicate: false,
  deliveries: 0,
  outdated: true,
})
