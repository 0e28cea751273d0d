import type { Logger } from './ports/logger'

type Level = keyof Logger

/** Names the worker in each line, and lets no failure of the host's logger take a delivery with it. */
export function guardedLogger(logger: Logger, worker: string): Logger {
  const at =
    (level: Level): Logger[Level] =>
    (fields, message) => {
      try {
        logger[level]({ worker, ...fields }, message)
      } catch {
        // There is nowhere left to say it.
      }
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
}
