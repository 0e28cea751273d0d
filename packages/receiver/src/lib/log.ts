import { WebhookError } from '@posthorn/schema'
import type { ErrorInfo } from './options'
import type { OrderOptions } from './order/options'
import type { Logger } from './ports/logger'
import { type ReceiveOutcome, type Refusal, type RefusalCode, refusalStatus } from './result'

type StaleOutcome = Extract<ReceiveOutcome, { readonly kind: 'stale' }>
type UnknownOutcome = Extract<ReceiveOutcome, { readonly kind: 'unknown_type' }>
type StaleHook = OrderOptions['onStale']

/** Reports what the receiver did. Nothing it calls can change or break a reply. */
export interface Log {
  readonly logger: Logger
  refused(refusal: Refusal): void
  stale(outcome: StaleOutcome, onStale?: StaleHook): void
  unknown(outcome: UnknownOutcome): void
  warn(fields: Fields, message: string): void
}

type Level = keyof Logger
type Fields = Readonly<Record<string, unknown>>

const silent = () => {}

/** Warnings and errors on the console; the rest is dropped. */
const consoleLogger: Logger = Object.freeze({
  debug: silent,
  info: silent,
  // biome-ignore lint/suspicious/noConsole: it is what the console is for when the host gives no logger
  warn: (fields: Fields, message: string) => console.warn(message, fields),
  // biome-ignore lint/suspicious/noConsole: as above
  error: (fields: Fields, message: string) => console.error(message, fields),
})

export function safeLog(
  logger: Logger = consoleLogger,
  onError?: (error: WebhookError, info: ErrorInfo) => void,
): Log {
  const write = (level: Level, fields: Fields, message: string) => {
    void safely(() => logger[level](fields, message))
  }
  return {
    logger,
    warn: (fields, message) => write('warn', fields, message),
    stale: ({ messageId, event }, onStale) => {
      const message = 'Webhook skipped: an event of its key that is as new was handled before.'
      write('info', { messageId, type: event.type }, message)
      void safely(() => onStale?.(event, { messageId }))
    },
    unknown: ({ messageId, event }) => {
      const message = 'Webhook acknowledged: no handler takes its type.'
      write('info', { messageId, type: event.type }, message)
    },
    refused: (refusal) => {
      const error = errorOf(refusal)
      const info = infoOf(refusal)
      write(levelOf(refusal.code), { ...info, ...details(refusal) }, error.message)
      void safely(() => onError?.(error, info))
    },
  }
}

/** What a peer does wrong is routine; what our own side does wrong wants somebody's attention. */
function levelOf(code: RefusalCode): Level {
  if (code === 'handler_retry') return 'info'
  const status = refusalStatus[code]
  if (status >= 500) return 'error'
  return status === 422 ? 'warn' : 'info'
}

function infoOf({ code, messageId, type }: Refusal): ErrorInfo {
  return {
    code,
    status: refusalStatus[code],
    ...(messageId === undefined ? {} : { messageId }),
    ...(type === undefined ? {} : { type }),
  }
}

/** Paths only: a validator's message may quote the data. */
function details({ cause, issues }: Refusal): Record<string, unknown> {
  return {
    ...(cause === undefined ? {} : { err: cause }),
    ...(issues === undefined ? {} : { paths: issues.map((issue) => issue.path) }),
  }
}

function errorOf({ code, cause, fix, issues }: Refusal): WebhookError {
  const message = fix ? `${messages[code]} ${fix}` : messages[code]
  return new WebhookError(code, message, {
    ...(cause === undefined ? {} : { cause }),
    ...(issues === undefined ? {} : { details: { issues } }),
  })
}

async function safely(call: () => unknown): Promise<void> {
  try {
    await call()
  } catch {
    // A logger that fails has nowhere to say so.
  }
}

const messages: Readonly<Record<RefusalCode, string>> = {
  missing_header: 'Webhook refused: a header of the signature is missing.',
  malformed_header: 'Webhook refused: a header of the signature is malformed.',
  duplicate_header: 'Webhook refused: a header of the signature came more than once.',
  timestamp_too_old: 'Webhook refused: it was signed too long ago. Compare the clocks.',
  timestamp_too_new: 'Webhook refused: it was signed in the future. Compare the clocks.',
  body_aborted: 'Webhook refused: the connection ended before the body did.',
  malformed_json: 'Webhook refused: the body is not JSON in UTF-8.',
  signature_mismatch: 'Webhook refused: no secret fits the signature.',
  method_not_allowed: 'Webhook refused: only POST is accepted.',
  duplicate_in_flight: 'Webhook postponed: the same message is being handled.',
  body_too_large: 'Webhook refused: the body is larger than maxBodyBytes.',
  unsupported_media_type: 'Webhook refused: the body has a content-encoding.',
  invalid_envelope: 'Webhook refused: the body is not the envelope expected.',
  invalid_data: 'Webhook refused: the data does not fit the catalogue.',
  unsupported_version: 'Webhook refused: the catalogue does not have this version. Update it.',
  id_reused: 'Webhook refused: this message id came before with another body.',
  body_not_raw: 'Webhook not verified: the body was read or parsed before it reached the receiver.',
  config: 'Webhook not handled: a part of the receiver given by its options failed.',
  handler_failed: 'Webhook handler failed; the sender will try again.',
  handler_retry: 'Webhook handler asked to be called again later.',
  lease_lost: 'Webhook handler took longer than its claim could be kept.',
  secrets_unavailable: 'Webhook not verified: the secrets could not be had.',
  store_unavailable: 'Webhook not handled: a store of the receiver failed.',
}
