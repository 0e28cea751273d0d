import { refusal } from './checks'

/** 1 to 128 printable ASCII characters without spaces. Stores keep it as a value, so `__proto__` is a name like any other. */
export function checkTenantId(tenantId: unknown): string {
  if (typeof tenantId === 'string' && /^[\x21-\x7e]{1,128}$/.test(tenantId)) return tenantId
  throw refusal('invalid_argument')(
    'tenantId',
    'must be 1 to 128 printable ASCII characters without spaces',
  )
}
