export { signHeaders, verifySignature } from './api'
export { defineScheme } from './define-scheme'
export type {
  HeaderBag,
  Scheme,
  SignedMessage,
  Verify,
  VerifyFailure,
  VerifyOptions,
  VerifyRequest,
  VerifyResult,
} from './scheme'
export type { SchemeLayout, SchemeOptions } from './scheme-options'
export { type GeneratedKeyPair, generateSecret, type ParsedSecret, parseSecret } from './secret'
export { schemes } from './standard'
