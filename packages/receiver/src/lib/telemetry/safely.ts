import type { Log } from '../log'
import { errorType } from './semantics'

export type Safely = <Result>(work: () => Result) => Result | undefined

/** The host's span processors and readers run inside ours: what they throw harms no request. */
export function createSafely(log: Pick<Log, 'warn'>): Safely {
  return (work) => {
    try {
      return work()
    } catch (error) {
      log.warn({ error: errorType(error) }, 'Telemetry failed: a span or a figure is missing.')
      return undefined
    }
  }
}
