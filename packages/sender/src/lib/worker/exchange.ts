import type { Tokens } from '../network/oauth/tokens'
import type { Clock } from '../ports/clock'
import type { AttemptOutcome, AttemptRequest, Transport } from '../ports/transport'
import type { Credentials } from './credentials'

export interface ExchangeContext {
  readonly transport: () => Transport
  readonly tokens: Tokens
  readonly clock: Clock
}

/** Told of the request as it goes out, with its credentials. */
export type NoteSent = (request: AttemptRequest) => void

/**
 * Sends a request with its credentials. A token that has to be fetched first is fetched within the request's own deadline; without one
 * nothing is sent. An endpoint that answers 401 gets a new token with the next attempt.
 */
export async function exchange(
  context: ExchangeContext,
  request: AttemptRequest,
  credentials: Credentials,
  note: NoteSent = () => {},
): Promise<AttemptOutcome> {
  const { authorization, token } = credentials
  const secured = secure(request, credentials)
  const send = (complete: AttemptRequest): Promise<AttemptOutcome> => {
    note(complete)
    return context.transport().send(complete)
  }
  if (token !== undefined) return withToken(context, secured, token, send)
  return send(authorization === undefined ? secured : authorized(secured, authorization))
}

function secure(request: AttemptRequest, { tls, headers }: Credentials): AttemptRequest {
  if (tls === undefined && headers === undefined) return request
  return {
    ...request,
    ...(tls === undefined ? {} : { tls }),
    // What the sender sets comes last, so that nothing of the owner's stands in its place.
    ...(headers === undefined ? {} : { headers: { ...headers, ...request.headers } }),
  }
}

async function withToken(
  { tokens, clock }: ExchangeContext,
  request: AttemptRequest,
  wanted: NonNullable<Credentials['token']>,
  send: Transport['send'],
): Promise<AttemptOutcome> {
  const begun = clock.now()
  const { 'user-agent': userAgent = '' } = request.headers
  const answer = await tokens.get({ ...wanted, userAgent }, request.timeoutMs)
  const spentMs = Math.max(0, clock.now() - begun)
  if (!answer.ok) return { kind: 'error', ...answer.failure, durationMs: spentMs }
  const timeoutMs = Math.max(1, request.timeoutMs - spentMs)
  const outcome = await send({ ...authorized(request, `Bearer ${answer.token}`), timeoutMs })
  if (outcome.kind === 'response' && outcome.status === 401) tokens.drop(wanted.key, answer.token)
  return { ...outcome, durationMs: outcome.durationMs + spentMs }
}

function authorized(request: AttemptRequest, authorization: string): AttemptRequest {
  return { ...request, headers: { ...request.headers, authorization } }
}
