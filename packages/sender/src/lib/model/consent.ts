import type { AttemptOutcome } from '../ports/transport'
import { describeAttempt } from './attempt'

/**
 * How an endpoint is asked whether it wants deliveries: the `OPTIONS` handshake of CloudEvents HTTP Webhook 1.0, section 4
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md), or a signed event whose challenge it sends back.
 */
export type VerificationMethod = 'options' | 'challenge'

/** What an endpoint answered. Without consent, with a code and a text that are safe to show to its owner. */
export type Consent =
  | { readonly given: true; readonly ratePerMinute?: number }
  | {
      readonly given: false
      readonly code: string
      readonly message: string
      readonly status?: number
    }

type ResponseOutcome = Extract<AttemptOutcome, { kind: 'response' }>

const decoder = new TextDecoder()

/** Consent is a 2xx whose `WebHook-Allowed-Origin` is the origin that asked, or `*`. */
export function judgeHandshake(outcome: AttemptOutcome, origin: string): Consent {
  const response = answered(outcome)
  if (!('headers' in response)) return response
  const allowed = response.headers['webhook-allowed-origin']?.trim().toLowerCase()
  if (allowed !== '*' && allowed !== origin.toLowerCase())
    return refused(response, `without \`WebHook-Allowed-Origin: ${origin}\``)
  const allowedRate = response.headers['webhook-allowed-rate']?.trim() ?? ''
  if (/^0+$/.test(allowedRate)) return refused(response, 'with `WebHook-Allowed-Rate: 0`')
  const rate = rateOf(allowedRate)
  return rate === undefined ? { given: true } : { given: true, ratePerMinute: rate }
}

/**
 * Consent is a 2xx whose body is the challenge, as it is or as JSON `{ "challenge": … }`. Where the request's body was such JSON itself, only as
 * it is: any server that echoes would otherwise consent.
 */
export function judgeChallenge(
  outcome: AttemptOutcome,
  challenge: string,
  asked: Uint8Array,
): Consent {
  const response = answered(outcome)
  if (!('headers' in response)) return response
  const text = decoder.decode(response.body).trim()
  const isNamed =
    challengeOf(text) === challenge && challengeOf(decoder.decode(asked)) !== challenge
  const isMet = !response.truncated && (text === challenge || isNamed)
  return isMet ? { given: true } : refused(response, 'without the challenge')
}

function answered(outcome: AttemptOutcome): ResponseOutcome | Consent {
  const { error, status } = describeAttempt(outcome, { number: 1, startedAt: 0 })
  if (outcome.kind === 'response' && outcome.status >= 200 && outcome.status <= 299) return outcome
  return {
    given: false,
    code: error?.code ?? 'not_answered',
    message: error?.message ?? 'The endpoint did not answer.',
    ...(status === undefined ? {} : { status }),
  }
}

function refused({ status }: ResponseOutcome, how: string): Consent {
  return {
    given: false,
    code: 'no_consent',
    message: `The endpoint answered ${status}, but ${how}.`,
    status,
  }
}

/** Requests per minute; `*` is any number. What is neither counts as not said. */
function rateOf(text: string): number | undefined {
  return /^[1-9]\d{0,6}$/.test(text) ? Number(text) : undefined
}

function challengeOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'challenge' in value
      ? value.challenge
      : undefined
  } catch {
    return undefined
  }
}
