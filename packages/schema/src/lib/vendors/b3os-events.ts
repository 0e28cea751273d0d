import { defineEvents } from '@posthorn/schema'
import { z } from 'zod'

// Fields may be missing and may be added, so nothing is required and nothing is taken away.
const run = z.looseObject({
  runId: z.string().optional(),
  workflowId: z.string().optional(),
  status: z.string().optional(),
})
const node = z.looseObject({
  runId: z.string().optional(),
  executionId: z.string().optional(),
  nodeId: z.string().optional(),
  status: z.string().optional(),
})
const delivery = z.looseObject({
  deliveryId: z.string().optional(),
  webhookId: z.string().optional(),
  eventId: z.string().optional(),
  attempt: z.number().optional(),
  status: z.string().optional(),
})

const ofRun = (status: string) => ({
  schema: run,
  description: `A run is ${status}.`,
  example: { runId: 'run_1', workflowId: 'wf_1', status },
})
const ofNode = (status: string) => ({
  schema: node,
  description: `A node of a run is ${status}.`,
  example: { runId: 'run_1', executionId: 'exec_1', nodeId: 'format', status },
})
const ofDelivery = (description: string, status: string) => ({
  schema: delivery,
  description,
  example: { deliveryId: 'del_1', webhookId: 'wh_1', eventId: 'evt_1', attempt: 1, status },
})

/** The run, node and delivery families. */
export const events = defineEvents({
  'run.started': ofRun('started'),
  'run.waiting': ofRun('waiting'),
  'run.completed': ofRun('completed'),
  'run.failed': ofRun('failed'),
  'run.cancelled': ofRun('cancelled'),
  'node.pending': ofNode('pending'),
  'node.running': ofNode('running'),
  'node.succeeded': ofNode('succeeded'),
  'node.failed': ofNode('failed'),
  'node.skipped': ofNode('skipped'),
  'node.waiting': ofNode('waiting'),
  'node.scheduled': ofNode('scheduled'),
  'delivery.attempt': ofDelivery('A hook was sent, whatever came of it.', 'delivered'),
  'delivery.retry': ofDelivery('A failed hook is sent again.', 'retrying'),
  'delivery.replay': ofDelivery('A hook is sent again because someone asked.', 'replaying'),
  'delivery.status': ofDelivery('The status of a hook changed.', 'failed'),
})
