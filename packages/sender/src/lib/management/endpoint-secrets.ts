import { type Duration, WebhookError } from '@posthorn/schema'
import { generateSecret, type Scheme } from '@posthorn/schema/signature'
import { checkFields } from '../checks'
import type { EndpointRecord, StoredSecret } from '../model/endpoint'
import { mostOldSecrets, openSecrets, ownerOf, sealSecret, validSecrets } from '../secrets'
import type { TenantContext } from './context'
import { schemesFor } from './endpoint-input'
import { duration } from './endpoint-terms'
import { change } from './endpoint-writes'
import { type Endpoint, viewEndpoint } from './views'

/** How a secret gives way to the next. */
export interface RotateOptions {
  /** How long the secret before goes on signing beside the new one. Default `'24h'`; `'0s'` ends it now. */
  readonly overlap?: Duration
  /** The new secret. Default: a new random one. */
  readonly secret?: string
}

/** An endpoint, and its current secret in plain text: it is not shown again. */
export interface NewSecret {
  readonly endpoint: Endpoint
  readonly secret: string
}

/** Refuses what a scheme of the endpoint cannot sign with: too short, not base64, … */
export function checkSecretFor(schemes: readonly Scheme[], secret: unknown): string {
  if (typeof secret !== 'string' || secret.length > 512) {
    throw new WebhookError('invalid_secret', 'A secret is a string of at most 512 characters.')
  }
  for (const scheme of schemes) scheme.checkSecret(secret)
  return secret
}

/** Refuses schemes that could not sign with what the endpoint has: each of its deliveries would fail. */
export async function checkSecretsFit(
  { options, secretBox, now }: TenantContext,
  record: EndpointRecord,
): Promise<void> {
  const schemes = schemesFor(options, record.schemes)
  const secrets = await openSecrets(secretBox, record, now())
  try {
    for (const secret of secrets) checkSecretFor(schemes, secret)
  } catch (error) {
    if (!WebhookError.is(error, 'invalid_secret')) throw error
    throw new WebhookError(
      'invalid_endpoint',
      "`schemes` cannot sign with the endpoint's secrets: first rotate, with `overlap: '0s'`, to a secret that fits.",
      { details: { field: 'schemes' } },
    )
  }
}

export async function rotateSecret(
  context: TenantContext,
  id: string,
  options: RotateOptions,
): Promise<NewSecret> {
  checkFields('rotateSecret', options, ['overlap', 'secret'])
  const overlapMs = duration(options.overlap ?? '24h', 'overlap')
  const fresh = options.secret === undefined ? generateSecret() : options.secret
  const record = await change(context, id, async (before) => {
    checkSecretFor(schemesFor(context.options, before.schemes), fresh)
    const now = context.now()
    const older = retired(before, now, overlapMs)
    const current = await sealSecret(context.secretBox, fresh, ownerOf(before), now)
    return { ...before, secrets: [current, ...older] }
  })
  return { endpoint: viewEndpoint(record), secret: fresh }
}

/** The secrets that go on signing: the current one until the overlap ends, older ones as before. */
function retired(record: EndpointRecord, now: number, overlapMs: number): readonly StoredSecret[] {
  const expiring = record.secrets.map((secret) => ({
    ...secret,
    expiresAt: secret.expiresAt ?? now + overlapMs,
  }))
  const kept = validSecrets(expiring, now)
  if (kept.length <= mostOldSecrets) return kept
  throw new WebhookError(
    'too_many_secrets',
    `The endpoint has ${mostOldSecrets} older secrets that still sign: revoke one, or wait for an overlap to end.`,
  )
}

export async function revokeSecret(
  context: TenantContext,
  id: string,
  secretId: string,
): Promise<Endpoint> {
  const record = await change(context, id, (before) => {
    const found = before.secrets.find((secret) => secret.id === secretId)
    if (found === undefined)
      throw new WebhookError('secret_not_found', 'The endpoint has no secret of that id.')
    if (found.expiresAt === undefined) {
      throw new WebhookError(
        'invalid_argument',
        "The current secret cannot be revoked: rotate it with `overlap: '0s'` instead.",
      )
    }
    return { ...before, secrets: before.secrets.filter((secret) => secret !== found) }
  })
  return viewEndpoint(record)
}
