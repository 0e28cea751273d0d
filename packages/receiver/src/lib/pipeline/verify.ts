import {
  type Scheme,
  type VerifyFailure,
  type VerifyOptions,
  type VerifyRequest,
  type VerifyResult,
  WebhookError,
} from '@posthorn/schema'
import { after, isThenable } from '../awaitable'
import type { ResolvedOptions } from '../options'
import type { Awaitable } from '../ports/idempotency-store'
import { headerLookup, type ReceiveRequest } from '../request'
import type { SecretSet } from '../secrets'
import { pass, type Stage, type Stopped, stop } from './stage'

/** What the signature vouches for. */
export interface Verified {
  readonly bytes: Uint8Array
  /** Undefined when the scheme does not sign one. */
  readonly id: string | undefined
  readonly signedAt: number | undefined
  readonly secretIndex: number
  readonly secretId: string | undefined
}

type Accepted = Extract<VerifyResult, { ok: true }>

export function verify(
  options: ResolvedOptions,
  request: ReceiveRequest,
  bytes: Uint8Array,
): Awaitable<Stage<Verified>> {
  const nowMs = options.clock.now()
  return after(secretsFor(options, request, nowMs), (secrets) => {
    if (!secrets.ok) return secrets
    const now = Math.floor(nowMs / 1_000)
    return tryAll(options.schemes, {
      signed: { headers: request.headers, body: bytes },
      secrets: secrets.value,
      options: { now, tolerance: options.tolerance },
    })
  })
}

function secretsFor(
  { secrets }: ResolvedOptions,
  request: ReceiveRequest,
  nowMs: number,
): Awaitable<Stage<SecretSet>> {
  const asked = { headers: headerLookup(request.headers), params: request.params ?? {} }
  try {
    const found = secrets(asked, nowMs)
    return isThenable(found) ? found.then(pass, unavailable) : pass(found)
  } catch (cause) {
    return unavailable(cause)
  }
}

function unavailable(cause: unknown): Stopped {
  const fix = WebhookError.is(cause) ? cause.message : undefined
  return stop('secrets_unavailable', { cause, fix })
}

/** What a scheme is asked. */
interface Question {
  readonly signed: VerifyRequest
  readonly secrets: SecretSet
  readonly options: VerifyOptions
}

/** The first scheme that accepts; else the failure that says most: one where the scheme's headers were there at all. */
function tryAll(
  [scheme, ...others]: readonly Scheme[],
  question: Question,
  code: VerifyFailure['code'] = 'missing_header',
): Awaitable<Stage<Verified>> {
  if (!scheme) return stop(code)
  return after(ask(scheme, question), (asked) => {
    if (!asked.ok) return asked
    const result = asked.value
    if (result.ok) return pass(verifiedBy(result, question))
    return tryAll(others, question, code === 'missing_header' ? result.code : code)
  })
}

function ask(
  scheme: Scheme,
  { signed, secrets, options }: Question,
): Awaitable<Stage<VerifyResult>> {
  const failed = (cause: unknown) => stop('config', { cause })
  try {
    const result =
      scheme.verify.atOnce?.(signed, secrets.values, options) ??
      scheme.verify(signed, secrets.values, options)
    return isThenable(result) ? Promise.resolve(result).then(pass, failed) : pass(result)
  } catch (cause) {
    return failed(cause)
  }
}

function verifiedBy(
  { id, timestamp, secretIndex }: Accepted,
  { signed, secrets }: Question,
): Verified {
  const secret = secrets.named[secretIndex]
  return {
    bytes: signed.body,
    id,
    signedAt: timestamp,
    secretIndex: secret?.index ?? secretIndex,
    secretId: secret?.id,
  }
}
