import type { KeyObject } from 'node:crypto'
import type { SecretOwner } from '../secrets'
import { openBytes, sealBytes } from './aes-gcm'
import {
  associatedWith,
  base64url,
  fromBase64url,
  notAuthentic,
  type SealingKey,
} from './sealing-key'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Seals under a key that this process has: base64url of IV, ciphertext and tag. */
export function localKey(id: string, key: KeyObject): SealingKey {
  const named = { form: 'gcm', id } as const
  return {
    ...named,
    cacheMs: Number.POSITIVE_INFINITY,
    seal: (secret, owner) => sealText(key, secret, associatedWith(named, owner)),
    open: (text, owner: SecretOwner) => openText(key, text, associatedWith(named, owner)),
  }
}

export function sealText(key: KeyObject, secret: string, associated: Uint8Array): string {
  return base64url(sealBytes(key, Buffer.from(secret), associated))
}

export function openText(key: KeyObject, text: string, associated: Uint8Array): string {
  const opened = openBytes(key, fromBase64url(text), associated)
  if (opened === undefined) throw notAuthentic()
  return utf8.decode(opened)
}
