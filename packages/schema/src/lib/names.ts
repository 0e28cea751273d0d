export const longestName = 128
export const eventTypeForm = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/
export const messageIdForm = /^[A-Za-z0-9_-]{1,128}$/

/** Whether `value` can name an event type: segments of `[A-Za-z0-9_-]+` joined by `.`, at most 128 characters. */
export function isEventType(value: string): boolean {
  return value.length <= longestName && eventTypeForm.test(value)
}

/**
 * Whether `value` can be a message id: `[A-Za-z0-9_-]{1,128}`. No `.`, because a dot would let an id and a timestamp
 * be read at another boundary under the same signature (Standard Webhooks, "Metadata").
 */
export function isMessageId(value: string): boolean {
  return messageIdForm.test(value)
}
