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
export type { DisabledReason, EndpointRecord, EndpointStatus, Health, StoredSecret } from './model/endpoint'
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
export type { Filter, FilterValue } from './model/filter'
export type { RetryPolicy } from './model/retry-schedule'
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
  Redelivery,
  RedeliveryVerdict,
} from './ports/delivery-store'
export type { EndpointQuery, EndpointStore, EndpointTransition, NewEndpoint, Page } from './ports/endpoint-store'
export type { Logger } from './ports/logger'
export type { Pruned, PruneRequest, Retention } from './ports/retention'
export type {
  AsyncTransactions,
  HostTransactions,
  NoTransactions,
  SenderStore,
  SyncTransactions,
} from './ports/store'
export type { AttemptOutcome, AttemptRequest, Transport } from './ports/transport'
