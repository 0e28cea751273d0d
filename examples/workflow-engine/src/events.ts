import { defineEvents, type EventInput, type EventOf, type EventTypeOf } from '@posthorn/schema'
import { z } from 'zod'

// One catalogue for both sides: it types and checks what the host sends, and types the application's handlers.

const instant = z.iso.datetime()

const run = z.object({
  runId: z.string(),
  processId: z.string(),
  processName: z.string(),
})

const node = z.object({
  runId: z.string(),
  processId: z.string(),
  nodeId: z.string(),
  nodeName: z.string(),
  /** The BPMN element, as `bpmn:ServiceTask`. */
  nodeType: z.string(),
  at: instant,
})

const failure = z.object({
  message: z.string(),
  code: z.string().optional(),
})

const exampleRun = { runId: 'order-7', processId: 'order', processName: 'Order' }

const exampleNode = {
  runId: 'order-7',
  processId: 'order',
  nodeId: 'chargeCard',
  nodeName: 'Charge the card',
  nodeType: 'bpmn:ServiceTask',
  at: '2026-01-31T12:00:00.250Z',
}

export const events = defineEvents({
  'run.started': {
    schema: run.extend({ startedAt: instant }),
    description: 'A run of a process began.',
    example: { ...exampleRun, startedAt: '2026-01-31T12:00:00.000Z' },
  },
  'run.waiting': {
    schema: run.extend({ waitingSince: instant, nodeId: z.string(), nodeName: z.string() }),
    description: 'A run waits for somebody outside the engine.',
    example: {
      ...exampleRun,
      waitingSince: '2026-01-31T12:00:01.000Z',
      nodeId: 'approve',
      nodeName: 'Approve the order',
    },
  },
  'run.completed': {
    schema: run.extend({ completedAt: instant, durationMs: z.int().nonnegative() }),
    description: 'A run reached its end.',
    example: { ...exampleRun, completedAt: '2026-01-31T12:00:05.000Z', durationMs: 5_000 },
  },
  'run.failed': {
    schema: run.extend({ failedAt: instant, durationMs: z.int().nonnegative(), error: failure }),
    description: 'An error that nothing in the process caught ended a run.',
    example: {
      ...exampleRun,
      failedAt: '2026-01-31T12:00:05.000Z',
      durationMs: 5_000,
      error: { message: 'The stock list has no header', code: 'BAD_STOCK_LIST' },
    },
  },
  'run.cancelled': {
    schema: run.extend({ cancelledAt: instant, durationMs: z.int().nonnegative() }),
    description: 'The host stopped a run before its end.',
    example: { ...exampleRun, cancelledAt: '2026-01-31T12:00:05.000Z', durationMs: 5_000 },
  },
  'node.pending': {
    schema: node,
    description: 'A node was reached and is about to start.',
    example: exampleNode,
  },
  'node.running': {
    schema: node,
    description: 'A node started.',
    example: exampleNode,
  },
  'node.succeeded': {
    schema: node,
    description: 'A node ended as it should.',
    example: exampleNode,
  },
  'node.failed': {
    schema: node.extend({ error: failure }),
    description: 'A node ended in an error, which the process may have caught.',
    example: {
      ...exampleNode,
      error: { message: 'The card was declined', code: 'CARD_DECLINED' },
    },
  },
  'node.skipped': {
    schema: node,
    description: 'A node will not run: its branch was not taken.',
    example: { ...exampleNode, nodeId: 'sendInvoice', nodeName: 'Send an invoice' },
  },
  'node.waiting': {
    schema: node,
    description: 'A node waits: a task for a person, an event for its cause.',
    example: {
      ...exampleNode,
      nodeId: 'approve',
      nodeName: 'Approve the order',
      nodeType: 'bpmn:UserTask',
    },
  },
  'node.scheduled': {
    schema: node.extend({ dueAt: instant }),
    description: 'A timer was set.',
    example: {
      ...exampleNode,
      nodeId: 'hold',
      nodeName: 'Hold the order',
      nodeType: 'bpmn:IntermediateCatchEvent',
      dueAt: '2026-01-31T12:00:01.000Z',
    },
  },
})

export type LifecycleType = EventTypeOf<typeof events>
/** As it is sent. */
export type LifecycleInput = EventInput<typeof events>
/** As a handler gets it. */
export type LifecycleEvent = EventOf<typeof events>
