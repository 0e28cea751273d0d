import type { Socket } from 'node:net'
import { Client } from 'undici'
import { ConnectFailure, codeOf, type Failure, notConnected } from './failure'
import { Http2Connection } from './http2'
import type { Link } from './list'
import type { Occupant, Outgoing } from './occupant'
import { type ConnectContext, Opening } from './opening'
import type { Target } from './route'

const noop = (): void => {}
const nothing = { abort: noop }
const lost = (): Error => Object.assign(new Error('closed at once'), { code: 'ECONNRESET' })

const keepAliveMs = 4_000

// A request that has not started is connected again by undici when its idle socket dies; more often than this is no accident.
const mostConnects = 3

/**
 * One socket at most, in an undici Client of its own: so it is known which step failed, whether the socket served before, and what had
 * been read from it.
 */
export class Slot {
  readonly target: Target
  /** Its place among the idle ones; the pool's. */
  idle: Link<Slot> | undefined
  readonly #client: Client
  readonly #context: ConnectContext
  readonly #onLost: (slot: Slot) => void
  #opening: Opening | undefined
  #socket: Socket | undefined
  #alert: Error | undefined
  #hidden = false
  #occupant: Occupant | undefined
  #http2: Http2Connection | undefined
  /** An HTTP/1.1 connection on its way to undici. */
  #agreed: Socket | undefined
  #stopIdling: (() => void) | undefined
  #served = 0
  #connects = 0

  constructor(target: Target, context: ConnectContext, onLost: (slot: Slot) => void) {
    this.target = target
    this.#context = context
    this.#onLost = onLost
    this.#client = new Client(target.origin, {
      connect: (_options, done) => this.#connect(done),
      pipelining: 1,
      // The attempt's own deadline covers both.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: 16_384,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: 25_000,
      keepAliveTimeoutThreshold: 1_000,
    })
    this.#client.on('disconnect', () => this.#disconnected())
  }

  get occupant(): Occupant | undefined {
    return this.#occupant
  }

  /** Whether the socket has served a request before. */
  get reused(): boolean {
    return this.#served > 0
  }

  /** Bytes the peer has sent on the socket so far. */
  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0
  }

  /** Whether part of the last request is still to be written. */
  get writing(): boolean {
    return (this.#socket?.writableLength ?? 0) > 0
  }

  /** What to say when time ran out before a connection came about; undefined when there was one. */
  get tooLate(): Failure | undefined {
    return this.#opening?.tooLate
  }

  /** Whether the peer is private, so that its errors must not be told apart. */
  get hidden(): boolean {
    return this.#hidden
  }

  /** The TLS alert that the connection ended with; undici tells of the end alone. */
  get alert(): Error | undefined {
    return this.#alert
  }

  run(request: Outgoing, occupant: Occupant): void {
    this.#stopIdling?.()
    this.#occupant = occupant
    this.#connects = 0
    if (this.#http2?.isOpen === true) this.#http2.run(request, occupant)
    else if (this.#mayBeHttp2 && !this.#isHttp1) this.#negotiate(request, occupant)
    else this.#client.dispatch(request, occupant)
  }

  get #mayBeHttp2(): boolean {
    return this.#context.http2 && this.target.secure
  }

  /** Whether undici holds a connection that serves on. */
  get #isHttp1(): boolean {
    return this.#http2 === undefined && this.#socket?.destroyed === false
  }

  free(): void {
    this.#occupant = undefined
    this.#served++
    if (this.#http2 !== undefined)
      this.#stopIdling = this.#context.timers.after(keepAliveMs, () => this.#onLost(this))
  }

  /** Resolves when the socket is gone. */
  async destroy(): Promise<void> {
    this.#stopIdling?.()
    this.#occupant = undefined
    this.#opening?.cancel()
    this.#agreed?.destroy()
    await Promise.all([this.#http2?.destroy(), this.#client.destroy()])
  }

  #connect(done: (...result: [null, Socket] | [Error, null]) => void): void {
    this.#connects++
    if (this.#mayBeHttp2) {
      const agreed = this.#agreed
      this.#agreed = undefined
      // What undici would open again by itself might speak HTTP/2: the attempt takes a fresh slot instead.
      queueMicrotask(() => (agreed === undefined ? done(lost(), null) : done(null, agreed)))
    } else if (this.#connects > mostConnects) {
      const failure = notConnected(new Error('the connection is lost as soon as it is made'), false)
      done(new ConnectFailure(failure), null)
    } else {
      this.#open()
        .then(
          (socket) => done(null, socket),
          (error) => done(error, null),
        )
        // Only undici itself could have thrown; its request then ends at its deadline.
        .catch(noop)
    }
  }

  /** Which protocol is spoken is known when TLS is agreed: undici gets the connection if it is HTTP/1.1. */
  #negotiate(request: Outgoing, occupant: Occupant): void {
    // The one before takes no more requests.
    this.#http2?.destroy().catch(noop)
    this.#http2 = undefined
    this.#open()
      .then(
        (socket) => this.#begin(socket, request, occupant),
        (error) => {
          if (this.#occupant === occupant) occupant.onResponseError(nothing, error)
        },
      )
      .catch(noop)
  }

  #begin(socket: Socket, request: Outgoing, occupant: Occupant): void {
    if (this.#occupant !== occupant) {
      socket.destroy()
    } else if ('alpnProtocol' in socket && socket.alpnProtocol === 'h2') {
      const http2 = new Http2Connection(this.target.origin, socket, () => {
        if (this.#http2 === http2) this.#disconnected()
      })
      this.#http2 = http2
      http2.run(request, occupant)
    } else {
      this.#agreed = socket
      this.#client.dispatch(request, occupant)
    }
  }

  /** Rejects with `ConnectFailure` alone. */
  async #open(): Promise<Socket> {
    this.#served = 0
    this.#alert = undefined
    const opening = new Opening(this.#context, this.target)
    this.#opening = opening
    const socket = await opening.run().finally(() => {
      this.#opening = undefined
    })
    this.#hidden = opening.hidden
    if (socket.destroyed) throw new ConnectFailure(notConnected(lost(), this.#hidden))
    this.#socket = socket
    // A server that demands a certificate says so after the handshake (RFC 8446, 4.4.2.4).
    if (this.target.secure) socket.once('error', (error) => this.#note(error))
    return socket
  }

  #note(error: Error): void {
    if (codeOf(error, '').startsWith('ERR_SSL_')) this.#alert = error
  }

  #disconnected(): void {
    this.#served = 0
    if (this.#occupant === undefined) this.#onLost(this)
  }
}
