import { createHash } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { AttemptTls } from '../../ports/transport'
import { putBounded } from './bounded'
import type { Target } from './route'

/** TLS settings made ready. `id` is a digest of all of them, so that a rotated key is another identity. */
export interface Identity {
  readonly id: string
  readonly context: SecureContext
}

const most = 500

/**
 * Gives targets the TLS identity of their endpoint: sockets and sessions are shared under the same identity alone. Throws what
 * `createSecureContext` throws.
 */
export function createIdentities(trusted: string | readonly string[] | undefined) {
  const known = new Map<string, Identity>()

  return (target: Target, tls: AttemptTls): Target => {
    if (!target.secure) return target
    const id = digest(tls)
    const identity = known.get(id) ?? { id, context: createContext(tls, trusted) }
    putBounded(known, id, identity, most)
    return { ...target, key: `${target.key}#${id}`, identity }
  }
}

function digest({ ca, certificate, key }: AttemptTls): string {
  const all = JSON.stringify([ca ?? null, certificate ?? null, key ?? null])
  return createHash('sha256').update(all).digest('base64url')
}

/** The endpoint's authorities replace the system's: what they do not vouch for is not trusted. */
export function createContext(
  tls: AttemptTls,
  trusted?: string | readonly string[],
): SecureContext {
  const ca = tls.ca ?? trusted
  return createSecureContext({
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  })
}
