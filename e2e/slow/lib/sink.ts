import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly path: string
  readonly id: string
  /** Milliseconds since 1970, when it was here in full. */
  readonly at: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Sink {
  readonly url: string
  readonly received: readonly Received[]
  /** How often each message id was received. */
  readonly counts: ReadonlyMap<string, number>
  /** The most requests of a path that were ever open at once. */
  readonly peaks: ReadonlyMap<string, number>
  /** Resolves once `more` further requests have come. */
  afterMore(more: number): Promise<void>
  /** Resolves once nothing has come for a while. */
  quiet(): Promise<void>
  close(): Promise<void>
}

export interface SinkOptions {
  /** How long the answer takes; Infinity never answers. */
  readonly delayMs?: (path: string, id: string) => number
  readonly status?: (path: string, id: string) => number
  readonly body?: Buffer
}

/** Notes what it receives, and answers after a while, so that a kill finds requests received and unsettled. */
export async function startSink(options: SinkOptions = {}): Promise<Sink> {
  const { delayMs = () => 0, status = () => 200, body } = options
  const received: Received[] = []
  const [counts, peaks, open] = [new Map<string, number>(), new Map(), new Map()]
  let waiting: { readonly at: number; readonly resolve: () => void } | undefined
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    const path = request.url ?? ''
    open.set(path, (open.get(path) ?? 0) + 1)
    peaks.set(path, Math.max(peaks.get(path) ?? 0, open.get(path)))
    response.once('close', () => open.set(path, open.get(path) - 1))
    request
      .on('data', (chunk) => chunks.push(chunk))
      .on('end', () => {
        const id = String(request.headers['webhook-id'])
        counts.set(id, (counts.get(id) ?? 0) + 1)
        received.push({
          path,
          id,
          at: Date.now(),
          headers: request.headers,
          body: Buffer.concat(chunks),
        })
        if (waiting !== undefined && received.length >= waiting.at) waiting.resolve()
        const ms = delayMs(path, id)
        if (Number.isFinite(ms))
          setTimeout(() => response.writeHead(status(path, id)).end(body), ms)
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 1_024, resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    counts,
    peaks,
    afterMore: (more) =>
      new Promise((resolve) => {
        waiting = { at: received.length + more, resolve }
      }),
    async quiet() {
      for (let before = -1; before !== received.length; ) {
        before = received.length
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
