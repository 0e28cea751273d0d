import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { putBounded } from './bounded'
import type { Target } from './route'

/** TLS settings of a transport. */
export interface TlsOptions {
  /** Authorities to trust in place of the system's, in PEM. */
  readonly ca?: string | readonly string[]
}

/** Begins TLS on a connected socket. */
export type Secure = (socket: Socket, target: Target) => TLSSocket

const mostSessions = 1000

/** Sessions are kept per name, port and identity, so that no endpoint resumes what another one agreed. */
export function createSecure({ ca }: TlsOptions, http2 = false): Secure {
  const protocols = http2 ? ['h2', 'http/1.1'] : ['http/1.1']
  const sessions = new Map<string, Buffer>()
  const authorities = ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }
  return (socket, target) => {
    const session = sessions.get(target.key)
    const secured = connect({
      ...(target.identity === undefined ? authorities : { secureContext: target.identity.context }),
      ...(session === undefined ? {} : { session }),
      ...(isIP(target.hostname) === 0 ? { servername: target.hostname } : {}),
      socket,
      host: target.hostname,
      ALPNProtocols: protocols,
      // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off.
      rejectUnauthorized: true,
    })
    secured.on('session', (fresh) => putBounded(sessions, target.key, fresh, mostSessions))
    return secured
  }
}
