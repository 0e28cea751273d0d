import type { Socket } from 'node:net'
import { parseAddress, sameAddress } from '../address/bytes'
import { isPublicAddress } from '../address/check'
import { classifyHandshake } from './classify'
import type { Dial } from './dial'
import {
  ConnectFailure,
  connectedTooLate,
  type Failure,
  noHandshakeInTime,
  notConnected,
  resolvedTooLate,
  unreachable,
} from './failure'
import type { Target } from './route'
import type { Secure } from './secure'
import type { Vet } from './vet'

export interface ConnectContext {
  readonly vet: Vet
  readonly dial: Dial
  readonly secure: Secure
  /** Whether errors of private targets may be told apart. */
  readonly development: boolean
}

const noop = (): void => {}

/**
 * One connection on its way: addresses → dialled → the peer's address checked → TLS. Nothing is dialled that was not vetted here, and
 * no name is resolved twice.
 */
export class Opening {
  readonly #context: ConnectContext
  readonly #target: Target
  #step: 'dns' | 'dial' | 'tls' = 'dns'
  #hidden = false
  #canceled = false
  #socket: Socket | undefined

  constructor(context: ConnectContext, target: Target) {
    this.#context = context
    this.#target = target
  }

  /** Rejects with `ConnectFailure` alone. The socket has an error listener, and keeps it. */
  async run(): Promise<Socket> {
    try {
      return await this.#connect()
    } catch (error) {
      this.#socket?.destroy()
      if (error instanceof ConnectFailure) throw error
      throw new ConnectFailure(notConnected(error, this.#hidden))
    }
  }

  async #connect(): Promise<Socket> {
    const { vet, dial, secure } = this.#context
    const { hostname, port } = this.#target
    const addresses = await vet(hostname)
    this.#refuseIfCanceled()
    this.#hidden = !this.#context.development && !addresses.every(isPublicAddress)
    this.#step = 'dial'
    const socket = this.#keep(dial({ addresses, hostname, port }))
    await happened(socket, 'connect').catch((error) =>
      this.#give(notConnected(error, this.#hidden)),
    )
    this.#checkPeer(socket, addresses)
    if (!this.#target.secure) return socket
    this.#step = 'tls'
    const secured = this.#keep(secure(socket, this.#target))
    await happened(secured, 'secureConnect').catch((error) => this.#give(classifyHandshake(error)))
    return secured
  }

  /** What to say when time ran out while it was on its way. */
  get tooLate(): Failure {
    const { hostname } = this.#target
    if (this.#step === 'dns') return resolvedTooLate(hostname)
    return this.#step === 'dial'
      ? connectedTooLate(this.#hidden, hostname)
      : noHandshakeInTime(hostname)
  }

  cancel(): void {
    this.#canceled = true
    this.#socket?.destroy()
  }

  #keep(socket: Socket): Socket {
    this.#socket = socket.on('error', noop)
    return socket
  }

  #checkPeer(socket: Socket, addresses: readonly string[]): void {
    this.#refuseIfCanceled()
    const { remoteAddress } = socket
    if (remoteAddress === undefined) {
      this.#give(notConnected(new Error('closed at once'), this.#hidden))
    } else if (!isAmong(remoteAddress, addresses)) {
      const detail = `connected to ${remoteAddress}, which is none of the addresses that were checked`
      this.#give(unreachable('forbidden_address', detail))
    }
  }

  #refuseIfCanceled(): void {
    if (this.#canceled) this.#give(this.tooLate)
  }

  #give(failure: Failure): never {
    throw new ConnectFailure(failure)
  }
}

function isAmong(address: string, vetted: readonly string[]): boolean {
  const bytes = parseAddress(address)
  return vetted.some((each) => {
    const other = parseAddress(each)
    return bytes !== undefined && other !== undefined && sameAddress(bytes, other)
  })
}

function happened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const closed = () => reject(Object.assign(new Error('closed at once'), { code: 'ECONNRESET' }))
    const forget = () => {
      socket.off(event, done).off('error', failed).off('close', closed)
    }
    const done = () => {
      forget()
      resolve()
    }
    const failed = (error: Error) => {
      forget()
      reject(error)
    }
    socket.once(event, done).once('error', failed).once('close', closed)
  })
}
