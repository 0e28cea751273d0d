import { WebhookError } from '@posthorn/schema'
import { generateSecret } from '@posthorn/schema/signature'
import { checkFields } from '../checks'
import { compact } from '../compact'
import type { EndpointRecord } from '../model/endpoint'
import { newId } from '../model/ids'
import type { NewEndpoint } from '../ports/endpoint-store'
import { randomBytes } from '../random-bytes'
import { ownerOf, sealSecret } from '../secrets'
import type { SendResult } from '../sending/send'
import { whileBusy } from '../store-retry'
import { invalid, isId, time } from './arguments'
import type { TenantContext } from './context'
import { checkOneAuthorization } from './endpoint-credentials'
import { checkNoneMoves } from './endpoint-headers'
import {
  checkEnabled,
  checkSettings,
  type EndpointChanges,
  type EndpointInput,
  schemesFor,
} from './endpoint-input'
import {
  checkSecretFor,
  checkSecretsFit,
  type NewSecret,
  type RotateOptions,
  revokeSecret,
  rotateSecret,
} from './endpoint-secrets'
import { sendTest, type TestOptions } from './endpoint-test'
import { activated, change, getRecord, merge, notFound } from './endpoint-writes'
import { type Page, type PageQuery, pageFields, pageOf } from './paging'
import { recover } from './recover'
import type { Recovered } from './recover-plan'
import { sealSettings } from './seal-settings'
import {
  awaitingConsent,
  methodFor,
  outgrowsConsent,
  refuseUnverified,
  type Verification,
  type VerifyOptions,
  verify,
} from './verification'
import { type Endpoint, viewEndpoint } from './views'

/** The endpoints of one tenant. A call that names an endpoint rejects with `endpoint_not_found` if the tenant has none of that id. */
export interface Endpoints {
  /**
   * The secret is answered here and at rotation, and never again. With `verify`, a refusal is part of the answer: the endpoint is there, and can
   * be asked again.
   *
   * @throws WebhookError `invalid_url`, `forbidden_address`, `invalid_endpoint`, `invalid_filter`, `invalid_header`, `invalid_secret`;
   * `invalid_argument` for a `verify` that the host does not offer
   */
  create(input: EndpointInput): Promise<CreatedEndpoint>
  get(id: string): Promise<Endpoint>
  /** Newest first. */
  list(query?: PageQuery): Promise<Page<Endpoint>>
  /** `null` takes an optional setting away. Rejects as `create` does; `schemes` also when they do not fit the endpoint's secrets. */
  update(id: string, changes: EndpointChanges): Promise<Endpoint>
  /** Its unfinished deliveries are canceled; its log stays. */
  delete(id: string): Promise<void>
  /**
   * Asks the endpoint for its consent to deliveries, once, and enables it if it was waiting for that. A refusal is a value, not an error; what
   * the endpoint missed until then is delivered by `recover`.
   */
  verify(id: string, options?: VerifyOptions): Promise<Verification>
  /**
   * With `recover`, what was skipped or never made since then is delivered; otherwise only what comes. `invalid_endpoint`, here and at `pause`,
   * for one that has not consented.
   */
  enable(id: string, options?: EnableOptions): Promise<EnableResult>
  /** Its deliveries wait. */
  pause(id: string): Promise<Endpoint>
  /** Its deliveries are skipped as they come due. */
  disable(id: string): Promise<Endpoint>
  /** Both secrets sign until the overlap ends. `too_many_secrets` while three older ones still sign. */
  rotateSecret(id: string, options?: RotateOptions): Promise<NewSecret>
  /** Takes an older secret away before its overlap ends. `secret_not_found`; `invalid_argument` for the current one: rotate it instead. */
  revokeSecret(id: string, secretId: string): Promise<Endpoint>
  /**
   * Sends a test event to this endpoint alone, whatever it subscribed to. `invalid_endpoint` while it is disabled; `unknown_event_type`, or
   * `invalid_argument` for a type without an example.
   */
  test(id: string, options?: TestOptions): Promise<SendResult>
}

/** The new endpoint, and its secret, which is answered this once. */
export interface CreatedEndpoint extends NewSecret {
  /** With `verify`: what the endpoint answered. */
  readonly verification?: Verification
}

/** What `enable` does beside it. By itself it brings nothing back that was skipped meanwhile. */
export interface EnableOptions {
  readonly recover?: {
    /** Events recorded at or after. */
    readonly since: Date | string
  }
}

/** The enabled endpoint. */
export interface EnableResult {
  readonly endpoint: Endpoint
  /** What `recover` brought back. */
  readonly recovered?: Recovered
}

export function createEndpoints(context: TenantContext): Endpoints {
  const { store, tenantId } = context
  return {
    create: (input) => create(context, input),
    get: async (id) => viewEndpoint(await getRecord(context, id)),
    list: async (query = {}) => {
      checkFields('query', query, pageFields)
      const page = await whileBusy(() => store.endpoints.list({ tenantId, ...pageOf(query) }))
      return { ...page, items: page.items.map(viewEndpoint) }
    },
    update: (id, changes) => update(context, id, changes),
    delete: async (id) => {
      const isGone = isId(id) && (await whileBusy(() => store.endpoints.remove(tenantId, id)))
      if (!isGone) throw notFound()
    },
    verify: (id, options = {}) => verify(context, id, options),
    enable: (id, options = {}) => enable(context, id, options),
    pause: async (id) =>
      viewEndpoint(
        await change(context, id, (record) => activated(refuseUnverified(record), 'paused')),
      ),
    disable: async (id) =>
      viewEndpoint(
        await change(context, id, (record) => ({
          ...record,
          status: 'disabled',
          disabledReason: record.disabledReason ?? 'manual',
        })),
      ),
    rotateSecret: (id, options = {}) => rotateSecret(context, id, options),
    revokeSecret: (id, secretId) => revokeSecret(context, id, secretId),
    test: (id, options = {}) => sendTest(context, id, options),
  }
}

async function create(context: TenantContext, input: EndpointInput): Promise<CreatedEndpoint> {
  const { options, tenantId } = context
  if (input.verify !== undefined) context.refuseIfStopped()
  const settings = checkSettings(options, input, ['secret', 'enabled', 'verify'])
  const { url, eventTypes, headers, metadata, sensitiveHeaders: _sealed, ...optional } = settings
  if (url === undefined) throw new WebhookError('invalid_url', 'An endpoint needs a `url`.')
  const schemes = schemesFor(options, settings.schemes)
  const secret = checkSecretFor(
    schemes,
    input.secret === undefined ? generateSecret() : input.secret,
  )
  const now = context.now()
  const id = newId('ep', now, randomBytes)
  const owner = { tenantId, endpointId: id }
  const record: NewEndpoint = {
    tenantId,
    id,
    url,
    eventTypes: eventTypes ?? ['*'],
    ...beginning(context, input),
    health: { state: 'healthy' },
    headers: headers ?? {},
    metadata: metadata ?? {},
    secrets: [await sealSecret(context.secretBox, secret, owner, now)],
    ...compact({ ...optional, ...(await sealSettings(context.secretBox, owner, settings)) }),
  }
  checkOneAuthorization(record)
  const endpoint = await whileBusy(() => context.store.endpoints.insert(record))
  const created = { endpoint: viewEndpoint(endpoint), secret }
  if (input.verify === undefined) return created
  const verification = await verify(context, id, { method: input.verify })
  return { endpoint: verification.endpoint, secret, verification }
}

/** Where an endpoint begins. Where consent is required, or asked for, nothing else counts. */
function beginning(
  context: TenantContext,
  { enabled, verify: method }: EndpointInput,
): Pick<EndpointRecord, 'status' | 'disabledReason'> {
  const isEnabled = checkEnabled(enabled)
  if (method !== undefined) methodFor(context, method)
  if (method !== undefined || context.options.verification.required !== undefined)
    return { status: 'disabled', disabledReason: 'unverified' }
  return isEnabled ? { status: 'enabled' } : { status: 'disabled', disabledReason: 'manual' }
}

async function update(
  context: TenantContext,
  id: string,
  changes: EndpointChanges,
): Promise<Endpoint> {
  const patch = checkSettings(context.options, changes)
  const edit = async (before: EndpointRecord): Promise<EndpointRecord> => {
    const sealed = await sealSettings(context.secretBox, ownerOf(before), patch, before)
    const after = merge(before, { ...patch, ...sealed })
    checkOneAuthorization(after)
    checkNoneMoves(before, patch)
    if ('schemes' in patch) await checkSecretsFit(context, after)
    return outgrowsConsent(context, before, after) ? awaitingConsent(after) : after
  }
  return viewEndpoint(await change(context, id, edit))
}

/** All that can be wrong is found before anything is changed. */
async function enable(
  context: TenantContext,
  id: string,
  options: EnableOptions,
): Promise<EnableResult> {
  checkFields('enable', options, ['recover'])
  const since = options.recover === undefined ? undefined : recoverSince(context, options.recover)
  const endpoint = viewEndpoint(
    await change(context, id, (record) => activated(refuseUnverified(record), 'enabled')),
  )
  context.wake()
  if (since === undefined) return { endpoint }
  return { endpoint, recovered: await recover(context, { endpointId: id, since, only: 'missing' }) }
}

function recoverSince(
  context: TenantContext,
  options: NonNullable<EnableOptions['recover']>,
): Date {
  context.refuseIfStopped()
  checkFields('recover', options, ['since'])
  const since = time(options.since, 'since')
  if (since === undefined) throw invalid('since', 'is needed: from when on to recover')
  return new Date(since)
}
