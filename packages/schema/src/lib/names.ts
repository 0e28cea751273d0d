const eventType = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/
const messageId = /^[A-Za-z0-9_-]{1,128}$/

/** Whether `value` can name an event type: segments of `[A-Za-z0-9_-]+` joined by `.`, at most 128 characters. */
export function isEventType(value: string): boolean {
  return value.length <= 128 && eventType.test(value)
}

/**
 * Whether `value` can be a message id: `[A-Za-z0-9_-]{1,128}`. No `.`, because a dot would let an id and a timestamp
 * be read at another boundary under the same signature (Standard Webhooks, "Metadata").
 */
export function isMessageId(value: string): boolean {
  return messageId.test(value)
}
