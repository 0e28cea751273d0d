import { WebhookError } from '@posthorn/schema'

/**
 * What may be logged of an unknown error: its class and code, and never its text, which might quote a payload. A `WebhookError`'s own text
 * never does.
 */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  if (WebhookError.is(error)) return `${error.name} ${error.code}: ${error.message}`
  const code = Object.getOwnPropertyDescriptor(error, 'code')?.value
  return typeof code === 'string' ? `${error.name} ${code}` : error.name
}
