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
export {
  createInbox,
  type Inbox,
  type InboxPruneOptions,
  type NamedHandler,
} from './inbox/create-inbox'
export type {
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetters,
  MessageRef,
} from './inbox/dead-letters'
export type {
  DeadTaskInfo,
  InboxContext,
  InboxContextOf,
  InboxOptions,
  PlainInboxOptions,
  TransactionalInboxOptions,
  TransactionalInboxStore,
} from './inbox/options'
export type { InboxRetryOptions } from './inbox/retry'
export type { TaskEnd } from './inbox/run-task'
export type { DrainOptions, InboxCounts } from './inbox/worker'
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
export type {
  AsyncInboxHost,
  ClaimedInboxTask,
  DeadInboxFilter,
  DeadInboxPageRequest,
  DeadInboxPosition,
  DeadInboxTask,
  InboxClaimRequest,
  InboxDeathReason,
  InboxFacts,
  InboxKey,
  InboxMessage,
  InboxPruneRequest,
  InboxRecord,
  InboxSettlement,
  InboxStatistics,
  InboxStore,
  InboxTask,
  InboxTaskRef,
  InboxTaskState,
  SyncInboxHost,
} from './ports/inbox-store'
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
export type { OpenTelemetryApi } from './telemetry/api'
export type { MeasureBy, TelemetryOptions } from './telemetry/options'
