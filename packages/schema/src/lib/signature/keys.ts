import { platform } from '#hmac'
import { WebhookError } from '../errors'
import type { Encoding } from '../hmac/port'
import { isBase64Of } from './base64'
import type { Key, Signature } from './engine'
import { equalInConstantTime } from './equal'
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

export function hmacKey(bytes: Uint8Array, encoding: Encoding, label: string): Key {
  const key = platform.hmacKey(bytes, encoding)
  return {
    label,
    sign: (prefix, body) => key.digest(prefix, body),
    matches(prefix, body, signatures) {
      const digest = key.digest(prefix, body)
      return typeof digest === 'string'
        ? anyEqual(digest, label, signatures)
        : digest.then((text) => anyEqual(text, label, signatures))
    },
  }
}

/**
 * Compares the text, not what it decodes to: a digest has one canonical form, and no other is accepted. Looks at all of
 * them: the time taken does not tell which one it was.
 */
function anyEqual(digest: string, label: string, signatures: readonly Signature[]): boolean {
  let found = false
  for (const signature of signatures) {
    if (signature.label === label && equalInConstantTime(digest, signature.text)) found = true
  }
  return found
}

/** Of the signatures of an ed25519 key pair. */
const pairLabel = 'v1a'

/** A secret of the Standard Webhooks specification: `v1` for `whsec_`, `v1a` for the halves of a pair. */
export function standardKey(secret: string): Key {
  const parsed = parseSecret(secret)
  switch (parsed.kind) {
    case 'hmac':
      return hmacKey(parsed.key, 'base64', 'v1')
    case 'ed25519-private': {
      const signer = platform.ed25519Signer(parsed.seed, parsed.publicKey, pairMismatch)
      return {
        label: pairLabel,
        sign: async (prefix, body) => platform.toBase64(await signer.sign(prefix, body)),
        matches: undefined,
      }
    }
    case 'ed25519-public':
      return verifyingKey(parsed.publicKey)
  }
}

function pairMismatch(): WebhookError {
  return new WebhookError(
    'invalid_secret',
    'The two halves of a whsk_ secret do not belong together. Copy the whole secret again, or generate a new one.',
  )
}

function verifyingKey(publicKey: Uint8Array): Key {
  const verifier = platform.ed25519Verifier(publicKey)
  return {
    label: pairLabel,
    sign: undefined,
    async matches(prefix, body, signatures) {
      for (const { label, text } of signatures) {
        if (label !== pairLabel || !isBase64Of(64, text)) continue
        if (await verifier.verify(prefix, body, platform.fromBase64(text))) return true
      }
      return false
    },
  }
}
