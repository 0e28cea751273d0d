import { z } from 'zod'
import { eventTypeForm, longestName, messageIdForm } from '../names'

/** To the second, with a zone; zod's own rule sees to the calendar. */
const timeForm = /^[^:]+:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/** The `standard` envelope as a zod schema. It accepts exactly what `isEnvelope` accepts, and strips other fields. */
export const envelopeSchema = z.object({
  id: z.string().regex(messageIdForm),
  type: z.string().max(longestName).regex(eventTypeForm),
  timestamp: z.iso.datetime({ offset: true }).regex(timeForm),
  version: z.int().min(1).optional(),
  data: z.unknown().refine((data) => data !== undefined, 'must be present'),
})
