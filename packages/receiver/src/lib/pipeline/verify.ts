import { WebhookError } from '@posthorn/schema'
import type { Scheme, VerifyFailure, VerifyResult } from '@posthorn/schema/signature'
import type { ResolvedOptions } from '../options'
import { headerLookup, type ReceiveRequest } from '../request'
import type { SecretSet } from '../secrets'
import { pass, type Stage, stop } from './stage'

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

export async function verify(
  options: ResolvedOptions,
  request: ReceiveRequest,
  bytes: Uint8Array,
): Promise<Stage<Verified>> {
  const nowMs = options.clock.now()
  const secrets = await findSecrets(options, request, nowMs)
  if (!secrets.ok) return secrets
  const { values, named } = secrets.value
  const found = await tryAll(options, { headers: request.headers, body: bytes }, values, nowMs)
  if (!found.ok) return found
  const { id, timestamp, secretIndex } = found.value
  const secret = named[secretIndex]
  return pass({
    bytes,
    id,
    signedAt: timestamp,
    secretIndex: secret?.index ?? secretIndex,
    secretId: secret?.id,
  })
}

async function findSecrets(
  { secrets }: ResolvedOptions,
  request: ReceiveRequest,
  nowMs: number,
): Promise<Stage<SecretSet>> {
  const asked = { headers: headerLookup(request.headers), params: request.params ?? {} }
  try {
    return pass(await secrets(asked, nowMs))
  } catch (cause) {
    return stop('secrets_unavailable', {
      cause,
      fix: WebhookError.is(cause) ? cause.message : undefined,
    })
  }
}

/** The first scheme that accepts; else the failure that says most: one where the scheme's headers were there at all. */
async function tryAll(
  { schemes, tolerance }: ResolvedOptions,
  request: Parameters<Scheme['verify']>[0],
  secrets: readonly string[],
  nowMs: number,
): Promise<Stage<Accepted>> {
  const now = Math.floor(nowMs / 1_000)
  let code: VerifyFailure['code'] = 'missing_header'
  for (const scheme of schemes) {
    try {
      const result = await scheme.verify(request, secrets, { now, tolerance })
      if (result.ok) return pass(result)
      if (code === 'missing_header') code = result.code
    } catch (cause) {
      return stop('config', { cause })
    }
  }
  return stop(code)
}
