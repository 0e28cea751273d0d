import type { AnyCatalogue } from '../catalogue/types'
import type { Envelope } from '../envelope/envelopes'
import type { Case } from '../signature/mutations.samples'
import type { Scheme } from '../signature/scheme'
import { schemes } from '../signature/standard'
import { aetherflow } from './aetherflow'
import { b3os } from './b3os'
import { github } from './github'
import { honeyframe } from './honeyframe'
import { shopify } from './shopify'
import { slack } from './slack'
import { stripe } from './stripe'

interface Vendor {
  readonly scheme: Scheme
  readonly envelope: Envelope
  readonly events?: AnyCatalogue
}

export const vendors: readonly (readonly [string, Vendor])[] = Object.entries({
  stripe,
  github,
  slack,
  shopify,
  b3os,
  aetherflow,
  honeyframe,
})

/** Also a secret of Standard Webhooks, so that every scheme takes it. */
export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

/** Every scheme there is, by name. */
export const allSchemes: readonly (readonly [string, Scheme])[] = [
  ...Object.entries(schemes),
  ...vendors.map(([name, { scheme }]) => [name, scheme] as const),
]

/** Where each scheme's headers hold what is signed, or a signature: the name, and the part in front that is no part of it. */
const signedParts = {
  standard: [
    ['webhook-signature', 'v1,'],
    ['webhook-id', ''],
    ['webhook-timestamp', ''],
  ],
  svix: [
    ['svix-signature', 'v1,'],
    ['svix-id', ''],
    ['svix-timestamp', ''],
  ],
  stripe: [['stripe-signature', 't=']],
  github: [['x-hub-signature-256', '']],
  slack: [
    ['x-slack-signature', ''],
    ['x-slack-request-timestamp', ''],
  ],
  shopify: [['x-shopify-hmac-sha256', '']],
  b3os: [['x-b3os-signature', '']],
  aetherflow: [['x-aetherflow-signature', '']],
  honeyframe: [['x-honeyframe-signature', '']],
} as const satisfies Record<string, Case['signed']>

export const mutationCases: readonly (readonly [string, Case])[] = allSchemes.map(
  ([name, scheme]) => {
    const signed = Object.entries<Case['signed']>(signedParts).find(([each]) => each === name)?.[1]
    if (signed === undefined) throw new TypeError(`no signed parts of ${name}`)
    return [name, { scheme, signWith: secret, verifyWith: secret, signed }]
  },
)
