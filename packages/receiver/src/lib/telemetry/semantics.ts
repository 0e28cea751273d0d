import { isEventType, WebhookError } from '@posthorn/schema'
import type { Message } from '../pipeline/parse'
import type { ReceiveOutcome } from '../result'
import type { Attributes } from './api'

/*
 * Names by the semantic conventions 1.37 for messaging (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/), as the sender
 * has them; what they have no name for begins with `posthorn.`.
 */

export const consumer = 4
export const failed = { code: 2 } as const

type Operation = 'receive' | 'process'

/** `receive run.completed`: the type is the destination that the event was published to. */
export function spanName(operation: Operation, type?: string): string {
  return type !== undefined && isEventType(type) ? `${operation} ${type}` : operation
}

export function operationAttributes(operation: Operation, message?: Message): Attributes {
  return {
    'messaging.system': 'posthorn',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    ...(message === undefined ? {} : messageAttributes(message)),
  }
}

function messageAttributes({ id, event, verified }: Message): Attributes {
  return {
    'messaging.message.id': id,
    ...(isEventType(event.type) ? { 'messaging.destination.name': event.type } : {}),
    ...(verified === undefined ? {} : { 'messaging.message.body.size': verified.bytes.length }),
  }
}

/** `handled`, `duplicate`, …; of a refusal its code. */
export function outcomeOf(outcome: ReceiveOutcome): string {
  return outcome.kind === 'refused' ? outcome.code : outcome.kind
}

/** Never the text of an error, which may quote what came. */
export function errorType(error: unknown): string {
  if (WebhookError.is(error)) return error.code
  return error instanceof Error ? error.name : '_OTHER'
}
