import { WebhookError } from '@posthorn/schema'
import { checkFields, refusal } from '../checks'
import { compact } from '../compact'
import { errorText } from '../error-text'
import type { EndpointRecord } from '../model/endpoint'
import { ownerOf } from '../secrets'
import { whileBusy } from '../store-retry'
import { checkTenantId } from '../tenant-id'
import type { TenantContext } from './context'
import { change } from './endpoint-writes'
import { resealed, sealedValues } from './sealed-values'

export interface ReencryptOptions {
  /** One tenant; absent: all of them. */
  readonly tenantId?: string
  /** Told after each page of endpoints, and waited for. */
  readonly onProgress?: (progress: Reencrypted) => void | Promise<void>
}

export interface Reencrypted {
  /** How many were looked at. */
  readonly endpoints: number
  /** How many had something to seal anew, now done. */
  readonly resealed: number
  /** How many have a secret that does not open: the log names them. While there are any, keep the older keys. */
  readonly failed: number
}

type Context = Omit<TenantContext, 'tenantId'>
type Verdict = 'current' | 'resealed' | 'failed'

const pageSize = 100
const invalid = refusal('invalid_argument')

/** Seals with the first key all that lies in the plain form or under another key. */
export async function reencrypt(context: Context, options: ReencryptOptions): Promise<Reencrypted> {
  const { tenantId, onProgress } = checkOptions(context, options)
  const counts = { endpoints: 0, resealed: 0, failed: 0 }
  let cursor: string | undefined
  do {
    context.refuseIfStopped()
    const query = { limit: pageSize, ...compact({ tenantId, cursor }) }
    const page = await whileBusy(() => context.store.endpoints.list(query))
    for (const endpoint of page.items) {
      context.refuseIfStopped()
      const verdict = await reencryptOne(context, endpoint)
      counts.endpoints += 1
      if (verdict !== 'current') counts[verdict] += 1
    }
    await onProgress?.({ ...counts })
    cursor = page.cursor
  } while (cursor !== undefined)
  return counts
}

function checkOptions({ options }: Context, given: ReencryptOptions): ReencryptOptions {
  checkFields('reencrypt', given, ['tenantId', 'onProgress'])
  const { tenantId, onProgress } = given
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw invalid('onProgress', 'must be a function')
  if (tenantId !== undefined) checkTenantId(tenantId)
  if (options.keys.length > 0) return given
  throw new WebhookError('config', 'There is no key to encrypt with: give `keys` to createSender.')
}

async function reencryptOne(context: Context, endpoint: EndpointRecord): Promise<Verdict> {
  const { secretBox, options } = context
  if (sealedValues(endpoint).every(secretBox.isCurrent)) return 'current'
  const { tenantId, id } = endpoint
  try {
    await change({ ...context, tenantId }, id, (record) => sealedAnew(context, record))
    return 'resealed'
  } catch (error) {
    // Deleted meanwhile.
    if (WebhookError.is(error, 'endpoint_not_found')) return 'current'
    if (!WebhookError.is(error, 'config')) throw error
    options.logger.error(
      { tenantId, endpointId: id, error: errorText(error) },
      'a secret could not be sealed anew',
    )
    return 'failed'
  }
}

function sealedAnew({ secretBox }: Context, record: EndpointRecord): Promise<EndpointRecord> {
  const owner = ownerOf(record)
  return resealed(record, async (sealed) =>
    secretBox.isCurrent(sealed)
      ? sealed
      : secretBox.seal(await secretBox.open(sealed, owner), owner),
  )
}
