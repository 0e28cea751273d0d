export type { CatalogueChange, CatalogueChangeKind, CompareOptions } from './catalogue/compare'
export { compareCatalogues } from './catalogue/compare'
export { defineEvents } from './catalogue/define'
export type {
  AnyCatalogue,
  CatalogueResult,
  Definitions,
  EventCatalogue,
  EventDefinition,
  EventDefinitions,
  EventInput,
  EventOf,
  EventTypeOf,
  ResolvedDefinition,
  VersionMap,
} from './catalogue/types'
export { type Duration, parseDuration } from './duration'
export {
  defineEnvelope,
  type Envelope,
  type EnvelopeHints,
  type EnvelopeResult,
  envelopes,
} from './envelope/envelopes'
export { isEnvelope, type StandardEnvelope } from './envelope/guard'
export { WebhookError, type WebhookErrorCode, type WebhookErrorOptions } from './errors'
export type { ValidationIssue, WebhookEvent } from './event'
export { encodeJson } from './json'
export { isEventType, isMessageId } from './names'
export { signHeaders, verifySignature } from './signature/api'
export { defineScheme } from './signature/define-scheme'
export type {
  HeaderBag,
  Scheme,
  Sign,
  SignedMessage,
  Verify,
  VerifyFailure,
  VerifyOptions,
  VerifyRequest,
  VerifyResult,
} from './signature/scheme'
export type { SchemeLayout, SchemeOptions } from './signature/scheme-options'
export {
  type GeneratedKeyPair,
  generateSecret,
  type ParsedSecret,
  parseSecret,
} from './signature/secret'
export { schemes } from './signature/standard'
export type { SchemaInput, SchemaOutput, StandardSchema } from './standard-schema'
