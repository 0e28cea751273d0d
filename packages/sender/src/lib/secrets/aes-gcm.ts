import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomFillSync,
} from 'node:crypto'

/** Bytes of an AES-256 key. */
export const keyBytes = 32

const cipher = 'aes-256-gcm'
const ivBytes = 12
const authTagLength = 16

export const aesKey = (bytes: Uint8Array): KeyObject => createSecretKey(bytes)

/**
 * AES-256-GCM (NIST SP 800-38D): a random 96-bit IV, the ciphertext and the 128-bit tag, in that order. Random IVs bear 2^32 messages under
 * one key; a write of an endpoint seals a handful, so that no installation comes near.
 *
 * The IV is drawn for this message alone, and from no pool in memory, which the snapshot of a virtual machine would repeat.
 */
export function sealBytes(
  key: KeyObject,
  plaintext: Uint8Array,
  associated: Uint8Array,
): Uint8Array {
  const iv = randomFillSync(new Uint8Array(ivBytes))
  const encrypting = createCipheriv(cipher, key, iv, { authTagLength })
  encrypting.setAAD(associated)
  const text = [encrypting.update(plaintext), encrypting.final()]
  return Buffer.concat([iv, ...text, encrypting.getAuthTag()])
}

/** Undefined for all that `sealBytes` did not make with this key and these associated bytes. */
export function openBytes(
  key: KeyObject,
  sealed: Uint8Array,
  associated: Uint8Array,
): Uint8Array | undefined {
  const end = sealed.byteLength - authTagLength
  if (end < ivBytes) return undefined
  const iv = sealed.subarray(0, ivBytes)
  const decrypting = createDecipheriv(cipher, key, iv, { authTagLength })
  decrypting.setAAD(associated)
  decrypting.setAuthTag(sealed.subarray(end))
  const text = decrypting.update(sealed.subarray(ivBytes, end))
  try {
    return Buffer.concat([text, decrypting.final()])
  } catch {
    return undefined
  }
}
