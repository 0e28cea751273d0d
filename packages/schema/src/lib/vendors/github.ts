import { defineEnvelope, defineScheme, type Envelope, type Scheme } from '@posthorn/schema'
import { headerReader, type TypedRequest } from './header'
import { bare } from './payload'

/**
 * GitHub (https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries).
 *
 * - `scheme`: `X-Hub-Signature-256: sha256=…`, hex of the body. Covers neither id nor time: anyone who saw a request can send it again.
 * - `envelope`: the payload is the data. It names no type, so the receiver's `type` option does.
 * - `unsignedType`: for that option, reads `X-GitHub-Event`. The header is not signed: whoever replays a payload can give it another name. So give
 *   the receiver a catalogue that tells payloads apart, or one route with a constant `type` for each event.
 */
export const github: {
  readonly scheme: Scheme
  readonly envelope: Envelope
  unsignedType(request: TypedRequest): string
} = Object.freeze({
  scheme: defineScheme({
    name: 'github',
    headers: { signature: 'x-hub-signature-256' },
    signed: '{body}',
    layout: { kind: 'single', prefix: 'sha256=' },
    encoding: 'hex',
    key: 'utf8',
  }),
  envelope: defineEnvelope({ name: 'github', ...bare }),
  unsignedType: headerReader('x-github-event'),
})
