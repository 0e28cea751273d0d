import type { Emitter } from '../emitter'
import type { NewEvent } from '../model/event'
import type { Tokens } from '../network/oauth/tokens'
import type { Clock } from '../ports/clock'
import type { SenderStore } from '../ports/store'
import type { Transport } from '../ports/transport'
import type { ResolvedOptions } from '../resolve-options'
import type { FanOutContext } from '../sending/fan-out'
import type { Telemetry } from '../telemetry/telemetry'
import type { EndpointEffects } from './effects'
import type { Gate } from './gate'
import type { InFlight } from './in-flight'
import type { RequestContext } from './request'
import type { Settler } from './settler'
import type { StoreTime } from './store-time'

/** What the steps of a worker share. */
export interface WorkerContext {
  readonly store: SenderStore
  readonly options: ResolvedOptions
  readonly clock: Clock
  readonly time: StoreTime
  readonly emitter: Emitter
  readonly telemetry: Telemetry | undefined
  readonly transport: () => Transport
  readonly tokens: Tokens
  readonly request: RequestContext
  readonly fanOut: FanOutContext
  readonly inFlight: InFlight
  /** Claims pass here one at a time. */
  readonly gate: Gate
  readonly settler: Settler
  readonly effects: EndpointEffects
  /** Has the loop look for what these events brought. */
  readonly wakeFor: (events: readonly NewEvent[]) => void
  /** Aborted when a stop is asked for: nothing more is claimed. */
  readonly stopping: AbortSignal
  /** Whether a stop ran out of time: attempts that fail from now on were cut off by us. */
  readonly cutOff: () => boolean
}
