import type { AppProcess } from './app-process'
import type { AttemptLog } from './attempt-log'
import type { HostProcess } from './host-process'
import type { Operator } from './operator'
import type { Stage } from './stage'

/** What the scenes share. */
export interface Show {
  readonly stage: Stage
  readonly operator: Operator
  readonly attempts: AttemptLog
  readonly endpoint: { readonly url: string; readonly port: number; readonly secret: string }
  readonly hostFile: string
  readonly appFile: string
}

/** The processes that are up when a scene ends. */
export interface Running {
  readonly host: HostProcess
  readonly app: AppProcess
}
