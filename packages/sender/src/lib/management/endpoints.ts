import { WebhookError } from '@posthorn/schema'
import { compact } from '../compact'
import { newId } from '../model/ids'
import { randomBytes } from '../random-bytes'
import { sealSecret } from '../secrets'
import type { SendResult } from '../sending/send'
import { whileBusy } from '../store-retry'
import type { TenantContext } from './context'
import {
  checkSettings,
  type EndpointChanges,
  type EndpointInput,
  schemesFor,
} from './endpoint-input'
import {
  checkSecretFor,
  type NewSecret,
  newSecretFor,
  type RotateOptions,
  revokeSecret,
  rotateSecret,
} from './endpoint-secrets'
import { sendTest, type TestOptions } from './endpoint-test'
import { activated, change, getRecord, merge } from './endpoint-writes'
import { type Page, type PageQuery, pageOf } from './paging'
import { type Recovered, recover } from './recover'
import { type Endpoint, viewEndpoint } from './views'

/** The endpoints of one tenant. A call that names an endpoint rejects with `endpoint_not_found` if the tenant has none of that id. */
export interface Endpoints {
  /** The secret is answered here and at rotation, and never again. */
  create(input: EndpointInput): Promise<{ readonly endpoint: Endpoint; readonly secret: string }>
  get(id: string): Promise<Endpoint>
  /** Newest first. */
  list(query?: PageQuery): Promise<Page<Endpoint>>
  /** `null` takes an optional setting away. */
  update(id: string, changes: EndpointChanges): Promise<Endpoint>
  /** Its unfinished deliveries are canceled; its log stays. */
  delete(id: string): Promise<void>
  /** With `recover`, what was skipped or never made since then is delivered; otherwise only what comes. */
  enable(
    id: string,
    options?: { readonly recover?: { readonly since: Date | string } },
  ): Promise<EnableResult>
  /** Its deliveries wait. */
  pause(id: string): Promise<Endpoint>
  /** Its deliveries are skipped as they come due. */
  disable(id: string): Promise<Endpoint>
  /** Both secrets sign until the overlap ends. */
  rotateSecret(
    id: string,
    options?: RotateOptions,
  ): Promise<{ readonly endpoint: Endpoint; readonly secret: string }>
  /** Takes an older secret away before its overlap ends. */
  revokeSecret(id: string, secretId: string): Promise<Endpoint>
  /** Sends a test event to this endpoint alone, whatever it subscribed to. */
  test(id: string, options?: TestOptions): Promise<SendResult>
}

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
      const page = await whileBusy(() => store.endpoints.list({ tenantId, ...pageOf(query) }))
      return { ...page, items: page.items.map(viewEndpoint) }
    },
    update: async (id, changes) => {
      const patch = checkSettings(context.options, changes)
      return viewEndpoint(await change(context, id, (record) => merge(record, patch)))
    },
    delete: async (id) => {
      await getRecord(context, id)
      await whileBusy(() => store.endpoints.remove(tenantId, id))
    },
    enable: (id, options = {}) => enable(context, id, options),
    pause: async (id) =>
      viewEndpoint(await change(context, id, (record) => activated(record, 'paused'))),
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

async function create(context: TenantContext, input: EndpointInput): Promise<NewSecret> {
  const { options, tenantId } = context
  const settings = checkSettings(options, input, ['secret', 'enabled'])
  const { url, eventTypes, headers, metadata, ...optional } = settings
  if (url === undefined) throw new WebhookError('invalid_url', 'An endpoint needs a `url`.')
  const schemes = schemesFor(options, settings.schemes)
  const secret = input.secret === undefined ? newSecretFor() : checkSecretFor(schemes, input.secret)
  const now = context.now()
  const record = {
    tenantId,
    id: newId('ep', now, randomBytes),
    url,
    eventTypes: eventTypes ?? ['*'],
    ...(input.enabled === false
      ? ({ status: 'disabled', disabledReason: 'manual' } as const)
      : ({ status: 'enabled' } as const)),
    health: { state: 'healthy' } as const,
    headers: headers ?? {},
    metadata: metadata ?? {},
    secrets: [sealSecret(context.secretBox, secret, now)],
    ...compact(optional),
  }
  const endpoint = await whileBusy(() => context.store.endpoints.insert(record))
  return { endpoint: viewEndpoint(endpoint), secret }
}

async function enable(
  context: TenantContext,
  id: string,
  options: { readonly recover?: { readonly since: Date | string } },
): Promise<EnableResult> {
  const endpoint = viewEndpoint(await change(context, id, (record) => activated(record, 'enabled')))
  context.wake()
  if (options.recover === undefined) return { endpoint }
  const recovered = await recover(context, {
    endpointId: id,
    since: options.recover.since,
    only: 'missing',
  })
  return { endpoint, recovered }
}
