import type { Socket } from 'node:net'
import { Client, type Dispatcher } from 'undici'
import { ConnectFailure, type Failure, notConnected } from './failure'
import type { Link } from './list'
import { type ConnectContext, Opening } from './opening'
import type { Target } from './route'

/** Who holds a slot. */
export interface Occupant extends Dispatcher.DispatchHandler {
  /** The transport is closing. */
  interrupted(): void
}

const noop = (): void => {}

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
  #occupant: Occupant | undefined
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
      keepAliveTimeout: 4_000,
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

  run(options: Dispatcher.DispatchOptions, occupant: Occupant): void {
    this.#occupant = occupant
    this.#connects = 0
    this.#client.dispatch(options, occupant)
  }

  free(): void {
    this.#occupant = undefined
    this.#served++
  }

  /** Resolves when the socket is gone. */
  async destroy(): Promise<void> {
    this.#occupant = undefined
    this.#opening?.cancel()
    await this.#client.destroy()
  }

  #connect(done: (...result: [null, Socket] | [Error, null]) => void): void {
    this.#served = 0
    this.#connects++
    if (this.#connects > mostConnects) {
      const failure = notConnected(new Error('the connection is lost as soon as it is made'), false)
      done(new ConnectFailure(failure), null)
      return
    }
    const opening = new Opening(this.#context, this.target)
    this.#opening = opening
    opening
      .run()
      .then(
        (socket) => this.#connected(socket, done),
        (error) => {
          this.#opening = undefined
          done(error, null)
        },
      )
      // Only undici itself could have thrown; its request then ends at its deadline.
      .catch(noop)
  }

  #connected(socket: Socket, done: (...result: [null, Socket] | [Error, null]) => void): void {
    this.#opening = undefined
    if (socket.destroyed) {
      const lost = Object.assign(new Error('closed at once'), { code: 'ECONNRESET' })
      done(new ConnectFailure(notConnected(lost, false)), null)
      return
    }
    this.#socket = socket
    done(null, socket)
  }

  #disconnected(): void {
    this.#served = 0
    if (this.#occupant === undefined) this.#onLost(this)
  }
}
