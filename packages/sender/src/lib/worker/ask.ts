import { errorText } from '../error-text'
import type { EndpointRecord } from '../model/endpoint'
import type { AttemptOutcome, AttemptRequest } from '../ports/transport'
import { openSecrets } from '../secrets'
import { conceal } from './conceal'
import type { WorkerContext } from './context'
import { openCredentials } from './credentials'
import { blankOutcome } from './echo'
import { exchange } from './exchange'
import { buildRequest, type Signing } from './request'
import { noteSent } from './sent'

/** A request that is no delivery. It is signed, and carries the endpoint's headers and credentials, as a delivery does. */
export interface Question {
  readonly method: 'POST' | 'OPTIONS'
  readonly messageId: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export type Ask = (endpoint: EndpointRecord, question: Question) => Promise<AttemptOutcome>

const longestAnswer = 4_096

const notBuilt = {
  kind: 'error',
  errorClass: 'config',
  code: 'request_not_built',
  message: 'The request could not be built or sent.',
  durationMs: 0,
} as const

/** Asks an endpoint something, once, through the same guard as deliveries. Never rejects. */
export async function ask(
  context: WorkerContext,
  endpoint: EndpointRecord,
  question: Question,
): Promise<AttemptOutcome> {
  const begun = context.clock.now()
  const outcome = await answer(context, endpoint, question)
  const { tenantId, id: endpointId } = endpoint
  if (outcome.kind === 'error') {
    const { errorClass, code, detail } = outcome
    context.options.logger.warn(
      { tenantId, endpointId, errorClass, code, ...(detail === undefined ? {} : { detail }) },
      'an endpoint could not be asked for its consent',
    )
  }
  return conceal(context, endpoint, outcome, begun)
}

/** What came back, without the secrets that it echoes. */
async function answer(
  context: WorkerContext,
  endpoint: EndpointRecord,
  question: Question,
): Promise<AttemptOutcome> {
  const { secretBox } = context.request
  const now = context.time.now()
  try {
    const credentials = await openCredentials(secretBox, endpoint)
    const signingSecrets = await openSecrets(secretBox, endpoint, now)
    const signing = { now, secrets: signingSecrets }
    const request = await questionTo(context, endpoint, question, signing)
    let sent: AttemptRequest | undefined
    const outcome = await exchange(context, request, credentials, (complete) => {
      sent = complete
    })
    // The question itself is no secret, and comes back in a handshake.
    const headers = { ...endpoint.headers, ...question.headers }
    const delivery = { endpoint: { ...endpoint, headers }, messageId: question.messageId }
    const { secrets } = noteSent(delivery, { credentials, signingSecrets }, sent)
    return blankOutcome(outcome, secrets())
  } catch (error) {
    context.options.logger.error(
      { tenantId: endpoint.tenantId, endpointId: endpoint.id, error: errorText(error) },
      'a request could not be built or sent',
    )
    return notBuilt
  }
}

async function questionTo(
  context: WorkerContext,
  endpoint: EndpointRecord,
  { method, messageId, headers, body }: Question,
  signing: Signing,
): Promise<AttemptRequest> {
  const like = await buildRequest(context.request, { endpoint, messageId }, body, signing)
  const { 'content-type': type = '', ...others } = like.headers
  return {
    ...like,
    method,
    headers: { ...others, ...(method === 'POST' ? { 'content-type': type } : {}), ...headers },
    captureBytes: longestAnswer,
  }
}
