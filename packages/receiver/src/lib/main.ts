export type { Chooser } from './check'
export { type FromEnvOptions, fromEnv } from './from-env'
export {
  type CommitContext,
  type Handler,
  type HandlerContext,
  retryLater,
  type TransactionContext,
} from './handler'
export type {
  ContextOf,
  IdempotencyOptions,
  InsertingIdempotency,
  PlainIdempotency,
  TransactionalIdempotency,
  TransactionalStore,
} from './idempotency-options'
export type { ErrorInfo, ReceiverOptions } from './options'
export type { OrderOptions } from './order/options'
export type { Dispatched } from './pipeline/direct'
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
export type { InsertingStore, InsertResult } from './ports/inserting-store'
export type { Logger } from './ports/logger'
export type {
  AsyncOrderHost,
  OrderKey,
  OrderPruneRequest,
  OrderStore,
  SyncOrderHost,
} from './ports/order-store'
export { createReceiver, type DispatchEvent, type Receiver } from './receiver'
export type { BodyRead, BodyReader, HeaderLookup, Params, ReceiveRequest } from './request'
export type { ReceiveOutcome, ReceiveResult, Refusal, RefusalCode } from './result'
export type { NamedSecret, SecretProvider, SecretRequest, Secrets } from './secrets'
