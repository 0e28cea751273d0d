import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { certificateOf, keyOf } from '../lib/certificates'

/** Takes each connection as it is, with its number from 0: no HTTP between a fault and the wire. */
export type Serve = (socket: Socket, connection: number) => void

export interface RawServer {
  readonly port: number
  readonly accepted: () => number
  /** Sockets that are still open. */
  readonly open: () => number
  close(): Promise<void>
}

export type Certificate = 'good' | 'expired' | 'wrong-host' | 'self-signed' | 'other'

export const testAuthority = () => certificateOf('ca')

export const tlsFor = (name: Certificate, more: TlsOptions = {}): TlsOptions => ({
  key: keyOf(name),
  cert: certificateOf(name),
  ...more,
})

export async function rawServer(serve: Serve, tls?: TlsOptions): Promise<RawServer> {
  const sockets = new Set<Socket>()
  let accepted = 0
  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const accept: (socket: Socket) => void = (socket) => {
    track(socket)
    serve(socket, accepted++)
  }
  const server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept)
  if (tls !== undefined) server.on('connection', track).on('tlsClientError', () => {})
  await listening(server)
  return {
    port: portOf(server),
    accepted: () => accepted,
    open: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

/** Calls back with each whole request that arrives on the socket: its head, its body, its number from 0. */
export function onRequest(
  socket: Socket,
  call: (head: string, body: Buffer, number: number) => void,
): void {
  let pending = Buffer.alloc(0)
  let number = 0
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk])
    for (;;) {
      const end = pending.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = pending.toString('latin1', 0, end)
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      if (pending.length < end + 4 + length) return
      const body = pending.subarray(end + 4, end + 4 + length)
      pending = pending.subarray(end + 4 + length)
      call(head, body, number++)
    }
  })
}

/** Answers every request with these bytes. */
export const answer =
  (...parts: readonly (string | Buffer)[]): Serve =>
  (socket) =>
    onRequest(socket, () => {
      for (const part of parts) socket.write(part, 'latin1')
    })

/** Answers every request with these bytes, then FIN. */
export const answerAndEnd =
  (bytes: string | Buffer): Serve =>
  (socket) =>
    onRequest(socket, () => socket.end(bytes, 'latin1'))

/** Writes again and again until the socket is gone. */
export function drip(
  socket: Socket,
  everyMs: number,
  next: (turn: number) => string | Buffer,
): void {
  let turn = 0
  const timer = setInterval(() => socket.write(next(turn++)), everyMs)
  socket.on('close', () => clearInterval(timer))
}
