import { WebhookError } from '@posthorn/schema'
import { type MaybePromise, plainForm, type SecretBox, type SecretOwner } from '../secrets'
import { createOpened } from './opened'
import { notAuthentic, type SealingKey } from './sealing-key'

const formOfKey = /^v1:(gcm|kms):([A-Za-z0-9_-]{1,64}):/

const prefixOf = ({ form, id }: SealingKey): string => `v1:${form}:${id}:`

/**
 * Seals with the first key and opens with any; without keys, stores secrets as they are. The forms, by version:
 *
 * ```
 * v0:plain:<secret>                           as it is
 * v1:gcm:<key id>:<sealed>                    AES-256-GCM under a local key
 * v1:kms:<key id>:<data key>.<sealed>         AES-256-GCM under a key of its own, which a service encrypted
 * ```
 * Form, tenant, endpoint and key id are associated data: what was altered, or put into another row, does not open. The plain form opens always,
 * so that a store can be sealed while it is in use; `now` is in milliseconds.
 */
export function createSecretBox(keys: readonly SealingKey[], now: () => number): SecretBox {
  const [first] = keys
  const opened = createOpened()

  const openAndKeep = (sealed: string, owner: SecretOwner): MaybePromise<string> => {
    const key = keyOf(keys, sealed)
    const until = now() + key.cacheMs
    const keep = (value: MaybePromise<string>) => opened.set(sealed, { owner, value, until })
    const value = key.open(sealed.slice(prefixOf(key).length), owner)
    keep(value)
    // Those who ask meanwhile share the one answer; a failure is nobody's but theirs.
    if (value instanceof Promise) value.then(keep, () => opened.drop(sealed, value))
    return value
  }

  return {
    seal(secret, owner) {
      if (first === undefined) return `${plainForm}${secret}`
      const text = first.seal(secret, owner)
      return typeof text === 'string'
        ? `${prefixOf(first)}${text}`
        : text.then((later) => `${prefixOf(first)}${later}`)
    },
    open(sealed, owner) {
      if (sealed.startsWith(plainForm)) return sealed.slice(plainForm.length)
      return opened.get(sealed, owner, now()) ?? openAndKeep(sealed, owner)
    },
    isCurrent: (sealed) => sealed.startsWith(first === undefined ? plainForm : prefixOf(first)),
  }
}

function keyOf(keys: readonly SealingKey[], sealed: string): SealingKey {
  if (!sealed.startsWith('v1:')) {
    throw new WebhookError(
      'config',
      'A stored secret has a form that this version cannot open: upgrade @posthorn/sender.',
    )
  }
  const [, form, keyId] = formOfKey.exec(sealed) ?? []
  if (keyId === undefined) throw notAuthentic()
  const key = keys.find(({ id }) => id === keyId)
  if (key?.form === form && key !== undefined) return key
  if (key !== undefined) throw notAuthentic()
  throw new WebhookError(
    'config',
    `A stored secret is sealed with the key "${keyId}", which \`keys\` does not have: add it.`,
    { details: { keyId } },
  )
}
