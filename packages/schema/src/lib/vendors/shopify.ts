import { defineEnvelope, defineScheme, type Envelope, type Scheme } from '@posthorn/schema'
import { headerReader, type TypedRequest } from './header'
import { bare } from './payload'

const topic = headerReader('x-shopify-topic')

/**
 * Shopify (https://shopify.dev/docs/apps/build/webhooks/subscribe/https).
 *
 * - `scheme`: `X-Shopify-Hmac-Sha256`, base64 of the body; the key is the app's client secret. Covers neither id nor time: anyone who saw a
 *   request can send it again.
 * - `envelope`: the resource is the data. It names no type, so the receiver's `type` option does.
 * - `unsignedType`: for that option, reads `X-Shopify-Topic`, `orders/create` as `orders.create`. The header is not signed: whoever replays a
 *   payload can give it another name. So give the receiver a catalogue that tells payloads apart, or one route with a constant `type` for
 *   each topic.
 */
export const shopify: {
  readonly scheme: Scheme
  readonly envelope: Envelope
  unsignedType(request: TypedRequest): string
} = Object.freeze({
  scheme: defineScheme({
    name: 'shopify',
    headers: { signature: 'x-shopify-hmac-sha256' },
    signed: '{body}',
    layout: { kind: 'single' },
    encoding: 'base64',
    key: 'utf8',
  }),
  envelope: defineEnvelope({ name: 'shopify', ...bare }),
  unsignedType: (request: TypedRequest) => topic(request).replaceAll('/', '.'),
})
