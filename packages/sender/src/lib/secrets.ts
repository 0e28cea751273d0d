import { WebhookError } from '@posthorn/schema'
import type { StoredSecret } from './model/endpoint'
import { newId } from './model/ids'
import { randomBytes } from './random-bytes'

const plainForm = 'v0:plain:'

/** How secrets lie in a store. The form carries its version, so that rows of every version stay readable. */
export interface SecretBox {
  seal(secret: string): string
  open(sealed: string): string
}

/** Version 0: as it is. */
export const plainBox: SecretBox = {
  seal: (secret) => `${plainForm}${secret}`,
  open(sealed) {
    if (sealed.startsWith(plainForm)) return sealed.slice(plainForm.length)
    throw new WebhookError(
      'config',
      'A stored secret has a form that this version cannot open: upgrade @posthorn/sender.',
    )
  },
}

/** An endpoint keeps its current secret and so many older ones that still sign. */
export const mostOldSecrets = 3

export function sealSecret(box: SecretBox, secret: string, now: number): StoredSecret {
  return { id: newId('sec', now, randomBytes), value: box.seal(secret), createdAt: now }
}

/** The current secret first, then the older ones whose overlap has not ended. */
export function validSecrets(
  secrets: readonly StoredSecret[],
  now: number,
): readonly StoredSecret[] {
  return secrets.filter((secret) => secret.expiresAt === undefined || secret.expiresAt > now)
}
