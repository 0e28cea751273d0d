export { type FromEnvOptions, fromEnv } from './from-env'
export { type Handler, type HandlerContext, retryLater } from './handler'
export type { Chooser, ErrorInfo, IdempotencyOptions, ReceiverOptions } from './options'
export type { Clock } from './ports/clock'
export type {
  AsyncHostTransactions,
  Awaitable,
  ClaimKey,
  ClaimRef,
  ClaimResult,
  IdempotencyPruneRequest,
  IdempotencyStore,
  NoHostTransactions,
  SyncHostTransactions,
} from './ports/idempotency-store'
export type { Logger } from './ports/logger'
export { createReceiver, type DispatchEvent, type Receiver } from './receiver'
export type { BodyRead, BodyReader, HeaderLookup, Params, ReceiveRequest } from './request'
export type { ReceiveOutcome, ReceiveResult, Refusal, RefusalCode } from './result'
export type { NamedSecret, SecretProvider, SecretRequest, Secrets } from './secrets'
