import { connect, createServer, type Socket } from 'node:net'

/** A port in front of a server, whose connections can be broken. */
export interface Relay {
  readonly url: string
  /** Ends what is open, in order. */
  cut(): void
  /** Ends what is open with a TCP reset. */
  reset(): void
  close(): Promise<void>
}

export async function startRelay(target: string): Promise<Relay> {
  const url = new URL(target)
  const [host, port] = [url.hostname, Number(url.port || 5432)]
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    const onward = connect(port, host)
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url.hostname = '127.0.0.1'
  url.port = String(typeof address === 'object' && address ? address.port : 0)
  return {
    url: url.href,
    cut() {
      for (const socket of open) socket.end()
    },
    reset() {
      for (const socket of open) socket.resetAndDestroy()
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
