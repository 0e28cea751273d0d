import { randomFillSync } from 'node:crypto'
import { WebhookError } from '@posthorn/schema'
import { errorText } from '../error-text'
import type { Clock } from '../ports/clock'
import { aesKey, keyBytes } from './aes-gcm'
import type { KeyService, ServiceKey } from './keys'
import { openText, sealText } from './local-key'
import {
  associatedWith,
  base64url,
  fromBase64url,
  notAuthentic,
  type SealingKey,
} from './sealing-key'

const mostBytes = 8_192
const late = Symbol('late')

/** How the service is called. */
export interface ServiceCalls {
  readonly clock: Clock
  /** The longest it may take to answer. */
  readonly timeoutMs: number
}

type Call = Pick<ServiceKey, 'id' | 'service'> & ServiceCalls

/** Seals each secret under a key of its own, which the service encrypts: `<base64url of the encrypted key>.<as a local key seals>`. */
export function serviceKey(
  { id, service, cacheMs }: Pick<ServiceKey, 'id' | 'service'> & { readonly cacheMs: number },
  calls: ServiceCalls,
): SealingKey {
  const named = { form: 'kms', id } as const
  const call = { id, service, ...calls }
  return {
    ...named,
    cacheMs,
    async seal(secret, owner) {
      const dataKey = randomFillSync(new Uint8Array(keyBytes))
      const encrypted = await ask(call, 'encrypt', dataKey, { ...owner })
      return `${base64url(encrypted)}.${sealText(aesKey(dataKey), secret, associatedWith(named, owner))}`
    },
    async open(text, owner) {
      const [encrypted = '', sealed, ...rest] = text.split('.')
      if (encrypted === '' || sealed === undefined || rest.length > 0) throw notAuthentic()
      const dataKey = await ask(call, 'decrypt', fromBase64url(encrypted), { ...owner })
      if (dataKey.byteLength !== keyBytes) throw notAuthentic()
      return openText(aesKey(dataKey), sealed, associatedWith(named, owner))
    },
  }
}

/** Rejects with `secrets_unavailable`, without a cause: its text may hold what the service was given. */
async function ask(
  call: Call,
  method: keyof KeyService,
  ...[bytes, context]: Parameters<KeyService[keyof KeyService]>
): Promise<Uint8Array> {
  const over = new AbortController()
  const timer = call.clock.sleep(call.timeoutMs, over.signal).then(() => late)
  let answer: unknown
  try {
    answer = await Promise.race([call.service[method](bytes, context), timer])
  } catch (error) {
    throw unavailable(call, method, errorText(error))
  } finally {
    over.abort()
  }
  if (answer === late) throw unavailable(call, method, 'no answer in time')
  if (answer instanceof Uint8Array && answer.length > 0 && answer.length <= mostBytes) return answer
  throw unavailable(call, method, `the answer is not 1 to ${mostBytes} bytes`)
}

function unavailable({ id }: Call, method: string, why: string): WebhookError {
  return new WebhookError(
    'secrets_unavailable',
    `The key service of key "${id}" could not ${method}: ${why}.`,
    { details: { keyId: id } },
  )
}
