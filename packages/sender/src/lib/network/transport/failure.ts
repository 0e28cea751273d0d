import type { AttemptOutcome } from '../../ports/transport'

/** What went wrong, as an attempt reports it: `code` and `message` are for a tenant, `detail` is for the host's log. */
export type Failure = Pick<
  Extract<AttemptOutcome, { kind: 'error' }>,
  'errorClass' | 'code' | 'message' | 'detail' | 'blame'
>

/**
 * A connection that did not come about. Its `code` is its own, since undici connects again and again on a code of undici's.
 */
export class ConnectFailure extends Error {
  readonly code = 'POSTHORN_CONNECT'
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.message)
    this.name = 'ConnectFailure'
    this.failure = failure
  }
}

// One text for blocked, refused and timed-out: the difference would map a private network (see `unreachable`).
const unreachableText = 'The endpoint could not be reached.'
const unreachableCode = 'unreachable'

/** A target that was refused, or a private one that did not answer: a tenant cannot tell which. */
export function unreachable(errorClass: 'forbidden_address' | 'network', detail: string): Failure {
  return { errorClass, code: unreachableCode, message: unreachableText, detail }
}

export function notResolved(error: unknown, hostname: string): Failure {
  const code = codeOf(error, 'not_resolved')
  return {
    errorClass: 'dns',
    code,
    message: 'The host name could not be resolved.',
    detail: `${hostname}: ${code}`,
  }
}

/** A resolver that does not answer is the sender's own: one that answers "no such name" speaks for the endpoint. */
export function resolvedTooLate(hostname: string): Failure {
  return {
    errorClass: 'dns',
    code: 'dns_timeout',
    message: 'The host name could not be resolved in time.',
    detail: `${hostname}: no answer`,
    blame: 'sender',
  }
}

/** `hidden`: the target is private and must not be mapped by its errors. */
export function notConnected(error: unknown, hidden: boolean): Failure {
  const detail = detailOf(error)
  if (hidden) return unreachable('network', detail)
  return {
    errorClass: 'network',
    code: codeOf(error, 'not_connected'),
    message: unreachableText,
    detail,
  }
}

export function connectedTooLate(hidden: boolean, hostname: string): Failure {
  const detail = `${hostname}: no connection in time`
  if (hidden) return unreachable('network', detail)
  return { errorClass: 'timeout', code: 'deadline', message: unreachableText, detail }
}

export function noHandshakeInTime(hidden: boolean, hostname: string): Failure {
  const detail = `${hostname}: no handshake in time`
  if (hidden) return unreachable('network', detail)
  const message = 'The TLS handshake did not end in time.'
  return { errorClass: 'timeout', code: 'deadline', message, detail }
}

export function answeredTooLate(hidden: boolean, timeoutMs: number): Failure {
  const limit = timeoutMs < 1000 ? `${timeoutMs} ms` : `${timeoutMs / 1000} s`
  if (hidden) return unreachable('network', `connected, but no response within ${limit}`)
  return {
    errorClass: 'timeout',
    code: 'deadline',
    message: `No response arrived within ${limit}.`,
  }
}

/** A private target that takes a connection and breaks it off without a word is not told from one that takes none. */
export function hungUp(failure: Failure, hidden: boolean): Failure {
  const { errorClass, code, blame } = failure
  if (!hidden || errorClass !== 'network' || blame !== undefined || code === unreachableCode)
    return failure
  return unreachable('network', `connected, then ${failure.detail ?? code}`)
}

export function transportClosed(errorClass: 'network' | 'config'): Failure {
  const message = 'The sender is shutting down.'
  return { errorClass, code: 'transport_closed', message, blame: 'sender' }
}

export function statusOutOfRange(status: number): Failure {
  const message = 'The response’s status is not between 100 and 599.'
  return {
    errorClass: 'protocol',
    code: 'status_out_of_range',
    message,
    detail: `status ${status}`,
  }
}

/** What a proxy did wrong. `hidden`: the target is private, and a proxy's words about it would map it. */
export function proxyFailed(code: ProxyFault, detail: string, hidden: boolean): Failure {
  if (hidden) return { ...unreachable('network', `${code}: ${detail}`), blame: 'sender' }
  const message = proxyTexts[code]
  const errorClass = code === 'proxy_timeout' ? 'timeout' : 'network'
  return { errorClass, code, message, detail, blame: 'sender' }
}

export type ProxyFault = keyof typeof proxyTexts

const proxyTexts = {
  proxy_unreachable: 'The sender’s proxy could not be reached.',
  proxy_authentication: 'The sender’s proxy did not accept the sender.',
  proxy_refused: 'The sender’s proxy did not connect to the endpoint.',
  proxy_malformed: 'The sender’s proxy did not answer as a proxy does.',
  proxy_closed: 'The sender’s proxy closed the connection.',
  proxy_timeout: 'The sender’s proxy did not connect to the endpoint in time.',
} as const

/** An error's code where it is safe to show, else `otherwise`. */
export function codeOf(error: unknown, otherwise: string): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return otherwise
  const { code } = error
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : otherwise
}

/** An error's text for the host's log, without what a peer made endless. */
export function detailOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(detailOf).join('; ').slice(0, 500)
  return error instanceof Error ? error.message.slice(0, 300) : String(error).slice(0, 300)
}
