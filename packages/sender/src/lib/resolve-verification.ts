import { checkKeys, integer } from './check-options'
import { compact } from './compact'
import type { VerificationOptions } from './options'

const hostName =
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/

export function resolveVerification(options: VerificationOptions): VerificationOptions {
  checkKeys('verification', options, ['origin', 'rate', 'required'])
  const { origin, rate, required } = options
  if (origin !== undefined && !(typeof origin === 'string' && hostName.test(origin)))
    throw new TypeError("verification.origin must be a host name such as 'events.example.com'")
  if (required !== undefined && required !== 'options' && required !== 'challenge')
    throw new TypeError("verification.required must be 'options' or 'challenge'")
  if (required === 'options' && origin === undefined)
    throw new TypeError("verification.required: 'options' needs `verification.origin`")
  if (rate !== undefined) integer(rate, 'verification.rate', 1, 1_000_000)
  return Object.freeze(compact({ origin, rate, required }))
}
