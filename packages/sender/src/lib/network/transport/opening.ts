import { isIP, type Socket } from 'node:net'
import { parseAddress, sameAddress } from '../address/bytes'
import { isPublicAddress } from '../address/check'
import type { ProxyPolicy } from '../proxy'
import { classifyHandshake } from './classify'
import type { Dial } from './dial'
import {
  ConnectFailure,
  connectedTooLate,
  type Failure,
  hungUp,
  noHandshakeInTime,
  notConnected,
  proxyFailed,
  resolvedTooLate,
  unreachable,
} from './failure'
import { happened } from './happened'
import type { Target } from './route'
import type { Secure } from './secure'
import type { Timers } from './timers'
import { dialProxy, openTunnel, proxyOrder, TunnelFailure } from './tunnel'
import type { Vet } from './vet'

export interface ConnectContext {
  readonly vet: Vet
  readonly dial: Dial
  readonly proxy?: ProxyPolicy | undefined
  readonly secure: Secure
  readonly timers: Timers
  /** Whether HTTP/2 is offered to those who have it. */
  readonly http2: boolean
  /** Whether errors of private targets may be told apart. */
  readonly development: boolean
}

const noop = (): void => {}

/**
 * One connection on its way: addresses → dialled → the peer's address checked → TLS; with a proxy, addresses → tunnel → TLS. Nothing is dialled that was not vetted here, and
 * no name is resolved twice.
 */
export class Opening {
  readonly #context: ConnectContext
  readonly #target: Target
  #step: 'dns' | 'dial' | 'proxy' | 'tls' = 'dns'
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
    const { proxy, secure } = this.#context
    const { hostname } = this.#target
    const addresses = this.#isNameForProxy ? [hostname] : await this.#vet(hostname)
    const socket = await (proxy === undefined
      ? this.#dial(addresses)
      : this.#tunnel(proxy, proxyOrder(addresses)))
    if (!this.#target.secure) return socket
    this.#step = 'tls'
    const secured = this.#keep(secure(socket, this.#target))
    await happened(secured, 'secureConnect').catch((error) =>
      this.#give(hungUp(classifyHandshake(error), this.#hidden)),
    )
    return secured
  }

  /** Literals are judged here in any case. */
  get #isNameForProxy(): boolean {
    return this.#context.proxy?.resolve === 'proxy' && isIP(this.#target.hostname) === 0
  }

  async #vet(hostname: string): Promise<readonly string[]> {
    const addresses = await this.#context.vet(hostname)
    this.#refuseIfCanceled()
    this.#hidden = !this.#context.development && !addresses.every(isPublicAddress)
    return addresses
  }

  async #dial(addresses: readonly string[]): Promise<Socket> {
    const { hostname, port } = this.#target
    this.#step = 'dial'
    const socket = this.#keep(this.#context.dial({ addresses, hostname, port }))
    await happened(socket, 'connect').catch((error) =>
      this.#give(notConnected(error, this.#hidden)),
    )
    this.#checkPeer(socket, addresses)
    return socket
  }

  /** One address after the other, as long as the proxy says of each that it cannot be reached. */
  async #tunnel(proxy: ProxyPolicy, hosts: readonly string[]): Promise<Socket> {
    this.#step = 'proxy'
    let failure: unknown
    for (const host of hosts) {
      this.#refuseIfCanceled()
      const socket = this.#keep(dialProxy(proxy))
      try {
        await openTunnel(socket, proxy, host, this.#target.port)
        this.#refuseIfCanceled()
        return socket
      } catch (error) {
        socket.destroy()
        failure = error
        if (!(error instanceof TunnelFailure) || error.fault !== 'proxy_refused') break
      }
    }
    if (!(failure instanceof TunnelFailure)) throw failure
    return this.#give(proxyFailed(failure.fault, failure.message, this.#hidden))
  }

  /** Whether the target is private, so that its errors must not be told apart. */
  get hidden(): boolean {
    return this.#hidden
  }

  /** What to say when time ran out while it was on its way. */
  get tooLate(): Failure {
    const { hostname } = this.#target
    if (this.#step === 'dns') return resolvedTooLate(hostname)
    if (this.#step === 'dial') return connectedTooLate(this.#hidden, hostname)
    return this.#step === 'proxy'
      ? proxyFailed('proxy_timeout', hostname, this.#hidden)
      : noHandshakeInTime(this.#hidden, hostname)
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
