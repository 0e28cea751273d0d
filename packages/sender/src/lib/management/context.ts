import type { Emitter } from '../emitter'
import type { SenderStore } from '../ports/store'
import type { ResolvedOptions } from '../resolve-options'
import type { SecretBox } from '../secrets'
import type { Batcher } from '../sending/batcher'
import type { FanOutContext } from '../sending/fan-out'
import type { PreparedEvent } from '../sending/prepare'
import type { SendResult } from '../sending/send'
import type { Telemetry } from '../telemetry/telemetry'
import type { Ask } from '../worker/ask'

/** What the calls of one tenant share. */
export interface TenantContext {
  readonly tenantId: string
  readonly options: ResolvedOptions
  readonly store: SenderStore
  readonly secretBox: SecretBox
  readonly emitter: Emitter
  readonly telemetry: Telemetry | undefined
  readonly fanOut: FanOutContext
  readonly inserter: Batcher<PreparedEvent, SendResult>
  /** The store's milliseconds, as far as this process knows them. */
  readonly now: () => number
  readonly wake: () => void
  readonly ask: Ask
  /** The endpoints that are being asked for their consent. */
  readonly verifying: Set<string>
  /** Aborted when the sender is stopped. */
  readonly stopping: AbortSignal
  /** Throws `sender_stopped` once the sender was stopped. */
  readonly refuseIfStopped: () => void
}
