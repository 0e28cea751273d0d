export type {
  DeliveryNotice,
  EndpointNotice,
  SenderEventName,
  SenderEvents,
  SenderListener,
} from './emitter'
export type { Deliveries, DeliveryFilter, ReplayOptions } from './management/deliveries'
export type {
  AuthorizationView,
  EndpointAuthorization,
  TlsView,
} from './management/endpoint-credentials'
export type { HeaderInput, HeaderView } from './management/endpoint-headers'
export type { EndpointChanges, EndpointInput } from './management/endpoint-input'
export type { NewSecret, RotateOptions } from './management/endpoint-secrets'
export type { EndpointRateLimit } from './management/endpoint-terms'
export type { TestOptions } from './management/endpoint-test'
export type {
  CreatedEndpoint,
  EnableOptions,
  EnableResult,
  Endpoints,
} from './management/endpoints'
export type { EventFilter, Events } from './management/events'
export type { Operator } from './management/operator'
export type { PageQuery } from './management/paging'
export type { Recovered, RecoverOptions } from './management/recover-plan'
export type { Reencrypted, ReencryptOptions } from './management/reencrypt'
export type { Verification, VerifyOptions } from './management/verification'
export type { Attempt, Delivery, Endpoint, SecretView, StoredEvent } from './management/views'
export type { VerificationMethod } from './model/consent'
export type {
  AttemptClass,
  AttemptRecord,
  ClaimedDelivery,
  DeliveryRecord,
  DeliveryState,
  DeliveryStatus,
  FailureReason,
  LeaseRef,
  NextState,
  Progress,
  Settlement,
  SettleVerdict,
  SkipReason,
} from './model/delivery'
export type {
  DisabledReason,
  EndpointRecord,
  EndpointStatus,
  Health,
  OrderPolicy,
  RateLimit,
  StoredSecret,
} from './model/endpoint'
export type {
  ClaimedEvent,
  EnvelopeBody,
  EventRecord,
  EventState,
  EventVerdict,
  FanOut,
  InsertedEvent,
  NewDelivery,
  NewEvent,
} from './model/event'
export type { Filter, FilterCondition, FilterValue } from './model/filter'
export type { RecoverySelection } from './model/recovery'
export type { RetryOptions, RetryPolicy, RetryRule } from './model/retry-schedule'
export type { NetworkOptions, NetworkPolicy, ProxyOptions } from './network/index'
export type { OperationsEvent, OperationsEventType, OperationsOptions } from './operations/types'
export type {
  HealthOptions,
  RetentionOptions,
  SenderOptions,
  SigningOptions,
  VerificationOptions,
  WorkerOptions,
} from './options'
export type { Clock } from './ports/clock'
export type {
  DeliveryLog,
  DeliveryQuery,
  EventQuery,
  HistoryItem,
  HistoryQuery,
  Statistics,
} from './ports/delivery-log'
export type {
  CancelVerdict,
  DeliveryClaim,
  DeliveryClaimRequest,
  DeliveryStore,
  EventClaim,
  EventClaimRequest,
  InsertedAndClaimed,
  Redelivery,
  RedeliveryVerdict,
} from './ports/delivery-store'
export type {
  EndpointQuery,
  EndpointStore,
  EndpointTransition,
  NewEndpoint,
  Page,
  RememberedEndpoints,
} from './ports/endpoint-store'
export type { Logger } from './ports/logger'
export type { Pruned, PruneRequest, Retention } from './ports/retention'
export type {
  AsyncTransactions,
  HostTransactions,
  NoTransactions,
  SenderStore,
  SyncTransactions,
} from './ports/store'
export type { AttemptOutcome, AttemptRequest, AttemptTls, Transport } from './ports/transport'
export type { KeyContext, KeyService, LocalKey, SecretKey, ServiceKey } from './secrets/keys'
export type {
  Sender,
  SenderCalls,
  SendInput,
  SendOptions,
  TenantCalls,
  TenantSender,
  TransactionCalls,
} from './sender-types'
export type { EventToSend, PreparedEvent, SendFields } from './sending/prepare'
export type { SendResult } from './sending/send'
export type { MeasureBy, TelemetryOptions } from './telemetry/options'
export type { PassReport } from './worker/pass'
