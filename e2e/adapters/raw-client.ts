import { connect, type Socket } from 'node:net'

export interface RawResponse {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

export interface RawConnection {
  send(bytes: string | Uint8Array): void
  /** The next response; rejects when the connection ends without one. */
  response(): Promise<RawResponse>
  /** Ends at once, with a reset where the platform allows. */
  abort(): void
  close(): void
}

/** A connection on which the test decides every byte, and when it goes. */
export async function openRaw(port: number): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1')
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  const incoming = collect(socket)
  return {
    send: (bytes) => void socket.write(bytes),
    response: incoming.response,
    abort: () => void socket.resetAndDestroy(),
    close: () => void socket.destroy(),
  }
}

export function head(
  method: string,
  path: string,
  headers: readonly (readonly [string, string])[],
): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}`)
  return [`${method} ${path} HTTP/1.1`, 'Host: localhost', ...lines, '', ''].join('\r\n')
}

function collect(socket: Socket) {
  let received = ''
  let ended = false
  let wake = () => {}
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    received += text
    wake()
  })
  const end = () => {
    ended = true
    wake()
  }
  socket.on('close', end)
  socket.on('error', end)
  return {
    async response(): Promise<RawResponse> {
      for (;;) {
        const parsed = parse(received)
        if (parsed) {
          received = parsed.rest
          return parsed.response
        }
        if (ended) throw new Error(`the connection ended after: ${JSON.stringify(received)}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}

function parse(text: string): { response: RawResponse; rest: string } | undefined {
  const split = text.indexOf('\r\n\r\n')
  if (split < 0) return undefined
  const [statusLine = '', ...lines] = text.slice(0, split).split('\r\n')
  const headers = new Map(lines.map(header))
  const sent = text.slice(split + 4)
  const isChunked = headers.get('transfer-encoding') === 'chunked'
  const taken = isChunked ? chunked(sent) : counted(sent, Number(headers.get('content-length')))
  if (!taken) return undefined
  const response = { status: Number(statusLine.split(' ')[1]), headers, body: taken.body }
  return { response, rest: taken.rest }
}

/** The body, and what comes after it. */
type Taken = { readonly body: string; readonly rest: string } | undefined

function counted(text: string, length: number): Taken {
  if (text.length < length) return undefined
  return { body: text.slice(0, length), rest: text.slice(length) }
}

/** RFC 9112, section 7.1, without extensions and trailers. */
function chunked(text: string, before = ''): Taken {
  const line = text.indexOf('\r\n')
  const length = Number.parseInt(text, 16)
  const end = line + 2 + length
  if (line < 0 || text.length < end + 2) return undefined
  const [body, rest] = [before + text.slice(line + 2, end), text.slice(end + 2)]
  return length === 0 ? { body, rest } : chunked(rest, body)
}

function header(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}
