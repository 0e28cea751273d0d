import { WebhookError } from '../errors'

export function pairMismatch(): WebhookError {
  return new WebhookError(
    'invalid_secret',
    'The two halves of a whsk_ secret do not belong together. Copy the whole secret again, or generate a new one.',
  )
}
