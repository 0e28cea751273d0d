import { checkKeys } from '../check-options'
import { checkTenantId } from '../tenant-id'
import type { OperationsEventType, OperationsOptions } from './types'

export interface ResolvedOperations {
  readonly tenantId: string
  readonly types: ReadonlySet<OperationsEventType>
}

/** By type; true: sent unless the host chose its own. A record, so that none of the catalogue is forgotten here. */
const byDefault: Readonly<Record<OperationsEventType, boolean>> = {
  'delivery.attempted': false,
  'delivery.retrying': false,
  'delivery.succeeded': false,
  'delivery.failed': true,
  'delivery.skipped': false,
  'delivery.replayed': true,
  'endpoint.failing': true,
  'endpoint.recovered': true,
  'endpoint.disabled': true,
}
const known = Object.keys(byDefault)

export function resolveOperations(
  options: OperationsOptions | undefined,
): ResolvedOperations | undefined {
  if (options === undefined) return undefined
  checkKeys('operations', options, ['tenantId', 'events'])
  const types = Object.freeze(typesOf(options.events))
  return Object.freeze({ tenantId: tenantOf(options.tenantId), types })
}

function tenantOf(tenantId: string): string {
  try {
    checkTenantId(tenantId)
  } catch (error) {
    throw new TypeError('operations.tenantId must be a tenant id', { cause: error })
  }
  if (tenantId !== 'default') return tenantId
  throw new TypeError(
    "operations.tenantId cannot be 'default': nothing is told about its own deliveries, so give operations a tenant of their own",
  )
}

function typesOf(given: readonly OperationsEventType[] | undefined): Set<OperationsEventType> {
  if (given === undefined) return new Set(known.filter(isDefault))
  if (Array.isArray(given) && given.length > 0 && given.every(isType)) return new Set(given)
  throw new TypeError(`operations.events must be some of ${known.join(', ')}`)
}

function isType(type: string): type is OperationsEventType {
  return Object.hasOwn(byDefault, type)
}

function isDefault(type: string): type is OperationsEventType {
  return isType(type) && byDefault[type]
}
