import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
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
export function createSecure({ ca }: TlsOptions): Secure {
  const sessions = new Map<string, Buffer>()
  const authorities = ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }
  return (socket, target) => {
    const session = sessions.get(target.key)
    const secured = connect({
      ...authorities,
      ...(session === undefined ? {} : { session }),
      ...(isIP(target.hostname) === 0 ? { servername: target.hostname } : {}),
      socket,
      host: target.hostname,
      ALPNProtocols: ['http/1.1'],
      // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off.
      rejectUnauthorized: true,
    })
    secured.on('session', (fresh) => remember(sessions, target.key, fresh))
    return secured
  }
}

function remember(sessions: Map<string, Buffer>, key: string, session: Buffer): void {
  sessions.delete(key)
  sessions.set(key, session)
  if (sessions.size <= mostSessions) return
  for (const oldest of sessions.keys()) {
    sessions.delete(oldest)
    return
  }
}
