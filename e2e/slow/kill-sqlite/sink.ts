import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Sink {
  readonly port: number
  /** Requests received in full, by message id. */
  readonly received: ReadonlyMap<string, number>
  total(): number
  /** Resolves once `more` further requests have come. */
  afterMore(more: number): Promise<void>
  /** Resolves once nothing has come for a while. */
  quiet(): Promise<void>
  close(): Promise<void>
}

/** Counts what it receives, and answers 200 after a while, so that a kill finds requests received and unsettled. */
export async function startSink(delayMs: () => number): Promise<Sink> {
  const received = new Map<string, number>()
  let total = 0
  let waiting: { readonly at: number; readonly resolve: () => void } | undefined
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const id = String(request.headers['webhook-id'])
      received.set(id, (received.get(id) ?? 0) + 1)
      total += 1
      if (waiting !== undefined && total >= waiting.at) waiting.resolve()
      setTimeout(() => response.writeHead(200).end(), delayMs())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    received,
    total: () => total,
    afterMore: (more) => new Promise((resolve) => (waiting = { at: total + more, resolve })),
    quiet: async () => {
      for (let before = -1; before !== total; ) {
        before = total
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
