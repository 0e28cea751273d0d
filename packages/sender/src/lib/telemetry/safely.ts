import { errorText } from '../error-text'
import type { Logger } from '../ports/logger'

export type Safely = <Result>(work: () => Result) => Result | undefined

/** The host's span processors and readers run inside ours: what they throw takes no delivery with it. */
export function createSafely(logger: Logger): Safely {
  return (work) => {
    try {
      return work()
    } catch (error) {
      logger.error({ error: errorText(error) }, 'telemetry failed: a span or a figure is missing')
      return undefined
    }
  }
}
