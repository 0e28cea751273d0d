import { defineEvents } from '@posthorn/schema'
import { z } from 'zod'

// A payload's versions add fields, so what is not named here stays.
const open = z.looseObject({})

const completed = z.looseObject({
  workflow: z.looseObject({
    id: z.string(),
    name: z.string(),
    status: z.string(),
    /** Milliseconds. */
    execution_time: z.number(),
    executed_at: z.string(),
  }),
  steps: z.array(
    z.looseObject({
      id: z.string(),
      name: z.string(),
      status: z.string(),
      /** Milliseconds. */
      duration: z.number(),
    }),
  ),
  custom_data: z.unknown().optional(),
})

const failed = z.looseObject({
  workflow: z.looseObject({
    id: z.string(),
    name: z.string(),
    status: z.string(),
    error_message: z.string(),
    failed_at: z.string(),
  }),
  error_details: z.looseObject({
    step: z.string(),
    integration: z.string(),
    error_code: z.string(),
    retry_count: z.number(),
  }),
})

const workflow = { id: 'wf_1', name: 'Order processing' }
const at = '2026-01-01T00:00:00.000Z'

const about = (subject: string, example: Readonly<Record<string, unknown>>) => ({
  schema: open,
  example: { [subject]: example },
})

/** The twelve types. */
export const events = defineEvents({
  'workflow.created': about('workflow', workflow),
  'workflow.updated': about('workflow', workflow),
  'workflow.deleted': about('workflow', workflow),
  'workflow.executed': about('workflow', workflow),
  'workflow.completed': {
    schema: completed,
    example: {
      workflow: { ...workflow, status: 'completed', execution_time: 1_200, executed_at: at },
      steps: [{ id: 'step_1', name: 'Fetch the order', status: 'completed', duration: 300 }],
      custom_data: { order: 'ord_1' },
    },
  },
  'workflow.failed': {
    schema: failed,
    example: {
      workflow: { ...workflow, status: 'failed', error_message: 'No answer', failed_at: at },
      error_details: { step: 'step_1', integration: 'crm', error_code: 'TIMEOUT', retry_count: 3 },
    },
  },
  'integration.connected': about('integration', { id: 'int_1', name: 'crm' }),
  'integration.disconnected': about('integration', { id: 'int_1', name: 'crm' }),
  'integration.error': about('integration', { id: 'int_1', name: 'crm', error: 'Refused' }),
  'user.invited': about('user', { id: 'user_1', email: 'ada@example.com' }),
  'user.joined': about('user', { id: 'user_1', email: 'ada@example.com' }),
  'billing.updated': about('billing', { plan: 'team' }),
})
