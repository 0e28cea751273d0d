import { bytes } from '../test-support'
import { defineScheme } from './define-scheme'
import type { SchemeOptions } from './scheme-options'

// Schemes of well-known senders, made anew in each test.
export const tolerance = { past: 300, future: 300 }

export const githubOptions: SchemeOptions = {
  name: 'github',
  headers: { signature: 'x-hub-signature-256' },
  signed: '{body}',
  layout: { kind: 'single', prefix: 'sha256=' },
  encoding: 'hex',
  key: 'utf8',
}
export const stripeOptions: SchemeOptions = {
  name: 'stripe',
  headers: { signature: 'stripe-signature' },
  signed: '{timestamp}.{body}',
  layout: { kind: 'fields', timestamp: 't', signature: 'v1' },
  encoding: 'hex',
  key: 'utf8',
}
export const slackOptions: SchemeOptions = {
  name: 'slack',
  headers: { signature: 'x-slack-signature', timestamp: 'x-slack-request-timestamp' },
  signed: 'v0:{timestamp}:{body}',
  layout: { kind: 'single', prefix: 'v0=' },
  encoding: 'hex',
  key: 'utf8',
}
export const shopifyOptions: SchemeOptions = {
  name: 'shopify',
  headers: { signature: 'x-shopify-hmac-sha256' },
  signed: '{body}',
  layout: { kind: 'single' },
  encoding: 'base64',
  key: 'utf8',
}

export const github = () => defineScheme(githubOptions)
export const stripe = () => defineScheme(stripeOptions)
export const slack = () => defineScheme(slackOptions)
export const shopify = () => defineScheme(shopifyOptions)
export const malformed = { ok: false, code: 'malformed_header' }

export const now = 1_700_000_000
export const body = bytes('hello')
export const message = { id: 'msg_1', timestamp: now, body }
export const options = { now, tolerance }
