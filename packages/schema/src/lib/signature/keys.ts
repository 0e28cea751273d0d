import { platform } from '#hmac'
import type { Key } from './engine'
import { parseSecret } from './secret'

/** How many secrets a scheme keeps ready. Beyond twice this, those longest unused are made again when needed. */
const generation = 2_048

/**
 * Remembers what `make` made of a secret. Two generations: a full one is dropped only when its successor is full, so
 * memory is bounded and keys in use stay.
 */
export function remember(
  make: (secret: string) => Key,
  size = generation,
): (secret: string) => Key {
  let young = new Map<string, Key>()
  let old = new Map<string, Key>()
  return (secret) => {
    const known = young.get(secret)
    if (known !== undefined) return known
    const key = old.get(secret) ?? make(secret)
    if (young.size >= size) {
      old = young
      young = new Map()
    }
    young.set(secret, key)
    return key
  }
}

export function hmacKey(bytes: Uint8Array, label: string): Key {
  const key = platform.hmacKey(bytes)
  return {
    label,
    sign: (prefix, body) => key.digest(prefix, body),
    matches(prefix, body, candidates) {
      const digest = key.digest(prefix, body)
      return digest instanceof Promise
        ? digest.then((bytes) => anyEqual(bytes, candidates))
        : anyEqual(digest, candidates)
    },
  }
}

/** Looks at all of them: the time taken does not tell which one it was. */
function anyEqual(digest: Uint8Array, candidates: readonly Uint8Array[]): boolean {
  let found = false
  for (const candidate of candidates) found = platform.equal(digest, candidate) || found
  return found
}

/** A secret of the Standard Webhooks specification: `v1` for `whsec_`, `v1a` for the halves of a pair. */
export function standardKey(secret: string): Key {
  const parsed = parseSecret(secret)
  switch (parsed.kind) {
    case 'hmac':
      return hmacKey(parsed.key, 'v1')
    case 'ed25519-private': {
      const signer = platform.ed25519Signer(parsed.seed, parsed.publicKey)
      return { label: 'v1a', sign: (prefix, body) => signer.sign(prefix, body), matches: undefined }
    }
    case 'ed25519-public':
      return verifyingKey(parsed.publicKey)
  }
}

function verifyingKey(publicKey: Uint8Array): Key {
  const verifier = platform.ed25519Verifier(publicKey)
  return {
    label: 'v1a',
    sign: undefined,
    async matches(prefix, body, candidates) {
      for (const candidate of candidates) {
        if (await verifier.verify(prefix, body, candidate)) return true
      }
      return false
    },
  }
}
