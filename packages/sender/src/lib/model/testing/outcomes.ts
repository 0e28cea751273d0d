import type { AttemptOutcome } from '../../ports/transport'

export type ResponseOutcome = Extract<AttemptOutcome, { kind: 'response' }>
export type ErrorOutcome = Extract<AttemptOutcome, { kind: 'error' }>

/** A 200 without headers or body, but for what is given. */
export function response(fields: Partial<ResponseOutcome> = {}): ResponseOutcome {
  return {
    kind: 'response',
    status: 200,
    headers: {},
    body: new Uint8Array(),
    truncated: false,
    durationMs: 12,
    ...fields,
  }
}

/** A refused connection, but for what is given. */
export function failure(fields: Partial<ErrorOutcome> = {}): ErrorOutcome {
  return {
    kind: 'error',
    errorClass: 'network',
    code: 'ECONNREFUSED',
    message: 'The connection was refused.',
    durationMs: 12,
    ...fields,
  }
}
