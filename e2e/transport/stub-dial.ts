import { connect, Socket } from 'node:net'
import type { Dial } from '../../packages/sender/src/lib/network/transport/dial'

export interface StubDial {
  readonly dial: Dial
  /** Every address that a connection was begun to. */
  readonly dialled: string[]
}

/** Connects to a local port whatever the address, and passes the peer off as that address. */
export function dialTo(port: () => number, peer?: string): StubDial {
  const dialled: string[] = []
  const dial: Dial = ({ addresses }) => {
    dialled.push(...addresses)
    const socket = connect({ host: '127.0.0.1', port: port() })
    const shown = peer ?? addresses[0]
    Object.defineProperty(socket, 'remoteAddress', { get: () => shown })
    return socket
  }
  return { dial, dialled }
}

/** Begins connections that never come about. */
export function dialNowhere(): StubDial {
  const dialled: string[] = []
  const dial: Dial = ({ addresses }) => {
    dialled.push(...addresses)
    return new Socket()
  }
  return { dial, dialled }
}
