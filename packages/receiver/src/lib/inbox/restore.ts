import type { ResolvedOptions } from '../options'
import type { Received } from '../pipeline/parse'
import type { InboxMessage } from '../ports/inbox-store'

const utf8 = new TextDecoder(undefined, { ignoreBOM: true })

/**
 * The message as it was when it was verified.
 *
 * @throws TypeError when the receiver's envelope does not take its body any more.
 */
export function restore({ envelope }: ResolvedOptions, message: InboxMessage): Received {
  const { key, type, body, facts } = message
  const { eventId: id, timestamp, headers, params, secretIndex, secretId, signedAt } = facts
  const read = envelope.decode(JSON.parse(utf8.decode(body)), { id, type, timestamp })
  if (!read.ok) throw new TypeError('the envelope does not take a body that it took before')
  return {
    event: read.event,
    id: key.id,
    verified: { bytes: body, id: key.id, signedAt, secretIndex, secretId },
    request: { headers, body, params },
  }
}
