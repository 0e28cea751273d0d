import { gzipSync } from 'node:zlib'
import type { AttemptOutcome, AttemptRequest } from '../../packages/sender/src/lib/ports/transport'
import { answer, answerAndEnd, drip, onRequest, type Serve } from './raw-server'

/** What an endpoint may do to a request, and what the attempt must then say. */
export interface Fault {
  readonly id: string
  readonly title: string
  readonly serve: Serve
  readonly expect: Expected
  readonly request?: Partial<AttemptRequest>
  /** Further facts of the outcome. */
  readonly check?: (outcome: AttemptOutcome) => boolean
  /** When it must have ended, in ms; else the deadline plus 600. */
  readonly within?: number
}

export type Expected =
  | {
      readonly status: number
      /** The `Retry-After` that it says, in milliseconds. */
      readonly retryAfterMs?: number
      readonly body?: string
      readonly bodyError?: string | RegExp
      readonly truncated?: boolean
    }
  | { readonly errorClass: string; readonly code: string | RegExp }

const ok = 'HTTP/1.1 200 OK\r\n'
const big = Buffer.alloc(20_000_000, 'x')
const megabyte = Buffer.alloc(1_000_000, 'x')
const bomb = gzipSync(Buffer.alloc(50_000_000))
const binary = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

const bytesOf = (outcome: AttemptOutcome) =>
  outcome.kind === 'response' ? Buffer.from(outcome.body) : Buffer.alloc(0)

/** For those that wait for the deadline. */
const quick = { timeoutMs: 400 }

const timing: readonly Fault[] = [
  {
    id: 'A1',
    title: 'says nothing',
    serve: (socket) => onRequest(socket, () => {}),
    request: quick,
    expect: { errorClass: 'timeout', code: 'deadline' },
  },
  {
    id: 'A2',
    title: 'drips its status line',
    serve: (socket) => onRequest(socket, () => drip(socket, 40, (turn) => ok[turn] ?? 'x')),
    request: quick,
    expect: { errorClass: 'timeout', code: 'deadline' },
  },
  {
    id: 'A3',
    title: 'sends headers, then drips a body for ever',
    serve: (socket) =>
      onRequest(socket, () => {
        socket.write(`${ok}\r\n`)
        drip(socket, 40, () => 'x')
      }),
    request: quick,
    expect: { status: 200, bodyError: 'deadline', truncated: true },
  },
  {
    id: 'A4',
    title: 'sends headers, then stalls',
    serve: answer(`${ok}Content-Length: 9\r\n\r\nabc`),
    request: quick,
    expect: { status: 200, body: 'abc', bodyError: 'deadline' },
  },
  {
    id: 'A5',
    title: 'sends 102 for ever',
    serve: (socket) =>
      onRequest(socket, () => drip(socket, 30, () => 'HTTP/1.1 102 Processing\r\n\r\n')),
    request: quick,
    expect: { errorClass: 'timeout', code: 'deadline' },
  },
  {
    id: 'A6',
    title: 'never reads a large request',
    serve: (socket) => {
      socket.pause()
      // A paused socket would not see its peer go.
      setTimeout(() => socket.resume(), 700)
    },
    request: { ...quick, body: big },
    expect: { errorClass: 'timeout', code: 'deadline' },
  },
  {
    id: 'A9',
    title: 'answers 413 while the request is being written, then resets',
    serve: (socket) =>
      socket.once('data', () => {
        socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n')
        setTimeout(() => socket.resetAndDestroy(), 50)
      }),
    request: { body: big },
    expect: { status: 413 },
  },
]

const bodies: readonly Fault[] = [
  {
    id: 'B1',
    title: 'sends a body without end at full speed',
    serve: (socket) =>
      onRequest(socket, () => {
        socket.write(`${ok}\r\n`)
        const pump = () => {
          while (!socket.destroyed && socket.write(megabyte));
        }
        socket.on('drain', pump)
        pump()
      }),
    request: { captureBytes: 1000 },
    expect: { status: 200, body: 'x'.repeat(1000), truncated: true },
    within: 1000,
  },
  {
    id: 'B2',
    title: 'announces 10 GiB and sends 3 bytes',
    serve: answer(`${ok}Content-Length: 10737418240\r\n\r\nabc`),
    expect: { status: 200, body: 'abc', truncated: true },
    within: 1000,
  },
  {
    id: 'B3',
    title: 'sends a gzip bomb nobody asked for',
    serve: answer(`${ok}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`, bomb),
    expect: { status: 200, truncated: true },
    check: (outcome) => bytesOf(outcome).equals(bomb.subarray(0, 16_384)),
  },
  {
    id: 'B7',
    title: 'sends bytes that are no text',
    serve: answer(`${ok}Content-Length: 256\r\n\r\n`, binary),
    expect: { status: 200, truncated: false },
    check: (outcome) => bytesOf(outcome).equals(binary),
  },
  {
    id: 'B8',
    title: 'sends NUL, ANSI escapes and markup',
    serve: answer(`${ok}Content-Length: 15\r\n\r\n\0\x1b[31m</script>`),
    expect: { status: 200, body: '\0\x1b[31m</script>', truncated: false },
  },
  {
    id: 'B9',
    title: 'sends more than is kept, less than is drained',
    serve: answer(`${ok}Content-Length: 100000\r\n\r\n`, 'y'.repeat(100_000)),
    request: { captureBytes: 10 },
    expect: { status: 200, body: 'yyyyyyyyyy', truncated: true },
  },
  {
    id: 'B10',
    title: 'sends a body where none is to be kept',
    serve: answer(`${ok}Content-Length: 3\r\n\r\nabc`),
    request: { captureBytes: 0 },
    expect: { status: 200, body: '', truncated: true },
  },
]

const malformed = (id: string, title: string, bytes: string): Fault => ({
  id,
  title,
  serve: answerAndEnd(bytes),
  expect: { errorClass: 'protocol', code: 'malformed_response' },
})

const framing: readonly Fault[] = [
  {
    id: 'C1a',
    title: 'sends headers without end',
    serve: (socket) =>
      onRequest(socket, () => {
        socket.write(ok)
        drip(socket, 1, () => `x-pad: ${'p'.repeat(1000)}\r\n`)
      }),
    expect: { errorClass: 'protocol', code: 'headers_too_large' },
  },
  {
    id: 'C1b',
    title: 'sends one header of 100 KB',
    serve: answer(`${ok}x-pad: ${'p'.repeat(100_000)}\r\n\r\n`),
    expect: { errorClass: 'protocol', code: 'headers_too_large' },
  },
  {
    id: 'C2',
    title: 'sends 100 Continue unasked',
    serve: answer(`HTTP/1.1 100 Continue\r\n\r\n${ok}Content-Length: 0\r\n\r\n`),
    expect: { errorClass: 'protocol', code: 'unexpected_response' },
  },
  {
    id: 'C3',
    title: 'sends 103 Early Hints, then 200',
    serve: answer(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}Content-Length: 2\r\n\r\nhi`),
    expect: { status: 200, body: 'hi' },
  },
  {
    id: 'C4',
    title: 'sends 101 unasked',
    serve: answer('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    expect: { errorClass: 'protocol', code: 'unexpected_upgrade' },
  },
  {
    id: 'C5',
    title: 'sends 204 with a body',
    serve: answer('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello'),
    expect: { status: 204, bodyError: 'content_length_mismatch' },
  },
  {
    id: 'C6a',
    title: 'sends 205 with a body',
    serve: answer('HTTP/1.1 205 Reset\r\nContent-Length: 2\r\n\r\nhi'),
    expect: { status: 205, body: 'hi' },
  },
  {
    id: 'C6b',
    title: 'sends 304 to a POST',
    serve: answer('HTTP/1.1 304 Not Modified\r\n\r\n'),
    expect: { status: 304 },
  },
  {
    id: 'C7',
    title: 'ends its body by closing',
    serve: answerAndEnd(`${ok}\r\nuntil the end`),
    expect: { status: 200, body: 'until the end', truncated: false },
  },
  {
    id: 'C8',
    title: 'closes before its Content-Length is reached',
    serve: answerAndEnd(`${ok}Content-Length: 10\r\n\r\nabc`),
    expect: { status: 200, body: 'abc', bodyError: 'closed', truncated: true },
  },
  {
    id: 'C10a',
    title: 'sends Transfer-Encoding and Content-Length',
    serve: answer(`${ok}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`),
    expect: { errorClass: 'protocol', code: /content_length_mismatch|malformed_response/ },
  },
  {
    id: 'C10b',
    title: 'sends two different lengths',
    serve: answer(`${ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`),
    expect: { errorClass: 'protocol', code: /content_length_mismatch|malformed_response/ },
  },
  {
    id: 'C11a',
    title: 'sends a bad chunk size',
    serve: answer(`${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\n`),
    expect: { status: 200, bodyError: 'malformed_response' },
  },
  {
    id: 'C11b',
    title: 'closes in a chunk',
    serve: answerAndEnd(`${ok}Transfer-Encoding: chunked\r\n\r\n9\r\nabc`),
    expect: { status: 200, body: 'abc', bodyError: 'closed' },
  },
  malformed('C12a', 'speaks HTTP/0.9', '<html>hello</html>'),
  malformed('C12b', 'sends a garbage status line', 'garbage\r\n\r\n'),
  malformed('C12c', 'says HTTP/9.9', 'HTTP/9.9 200 OK\r\n\r\n'),
  malformed('C12d', 'sends a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'),
  malformed('C12e', 'ends its lines with LF alone', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'),
  malformed('C12f', 'folds a header', `${ok}x-a: b\r\n c\r\n\r\n`),
  malformed('C12g', 'sends NUL in a header', `${ok}x-a: b\0c\r\n\r\n`),
  malformed('C12h', 'sends a space before the colon', `${ok}x-a : b\r\n\r\n`),
  {
    id: 'C13',
    title: 'sends status 000',
    serve: answer('HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n'),
    expect: { errorClass: 'protocol', code: /status_out_of_range|malformed_response/ },
  },
  ...[99, 600, 999].map(
    (status): Fault => ({
      id: `C14-${status}`,
      title: `sends status ${status}`,
      serve: answer(`HTTP/1.1 ${String(status).padStart(3, '0')} Odd\r\nContent-Length: 0\r\n\r\n`),
      expect: { errorClass: 'protocol', code: /status_out_of_range|malformed_response/ },
    }),
  ),
  {
    id: 'C15a',
    title: 'sends no reason phrase',
    serve: answer('HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n'),
    expect: { status: 200 },
  },
  {
    id: 'C15b',
    title: 'sends latin-1 in a header',
    serve: answer(`${ok}x-name: caf\xe9\r\nContent-Length: 0\r\n\r\n`),
    expect: { status: 200 },
    check: (outcome) => outcome.kind === 'response' && outcome.headers['x-name'] === 'café',
  },
  {
    id: 'C15c',
    title: 'speaks HTTP/1.0',
    serve: answerAndEnd('HTTP/1.0 200 OK\r\n\r\nold'),
    expect: { status: 200, body: 'old' },
  },
  {
    id: 'C16',
    title: 'sends cookies, a refresh and a __proto__ header',
    serve: answer(
      `${ok}Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nRefresh: 0;url=/\r\n__proto__: x\r\n__proto__: y\r\nConstructor: z\r\nContent-Length: 0\r\n\r\n`,
    ),
    expect: { status: 200 },
    check: (outcome) =>
      outcome.kind === 'response' &&
      outcome.headers['set-cookie'] === 'a=1, b=2' &&
      Object.getPrototypeOf(outcome.headers) === Object.prototype &&
      Object.hasOwn(outcome.headers, '__proto__'),
  },
  {
    id: 'C17',
    title: 'sends trailers',
    serve: answer(`${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-trail: 1\r\n\r\n`),
    expect: { status: 200, body: 'hi' },
    check: (outcome) => outcome.kind === 'response' && outcome.headers['x-trail'] === undefined,
  },
]

const connection: readonly Fault[] = [
  {
    id: 'D2a',
    title: 'closes after the request',
    serve: (socket) => onRequest(socket, () => socket.end()),
    expect: { errorClass: 'network', code: 'closed' },
    check: (outcome) => outcome.freshSocket === undefined,
  },
  {
    id: 'D2b',
    title: 'resets after the request',
    serve: (socket) => onRequest(socket, () => socket.resetAndDestroy()),
    expect: { errorClass: 'network', code: 'ECONNRESET' },
    check: (outcome) => outcome.freshSocket === undefined,
  },
  {
    id: 'D2c',
    title: 'closes within the status line',
    serve: answerAndEnd('HTTP/1.'),
    expect: { errorClass: 'network', code: 'closed' },
  },
  {
    id: 'D3',
    title: 'resets within the body',
    serve: (socket) =>
      onRequest(socket, () => {
        socket.write(`${ok}Content-Length: 10\r\n\r\nabc`)
        setTimeout(() => socket.resetAndDestroy(), 30)
      }),
    expect: { status: 200, body: 'abc', bodyError: 'ECONNRESET' },
  },
  {
    id: 'D4',
    title: 'resets on accept',
    serve: (socket) => socket.resetAndDestroy(),
    expect: { errorClass: 'network', code: /ECONNRESET|closed|EPIPE/ },
  },
]

const statuses: readonly Fault[] = [
  200, 201, 202, 206, 299, 300, 400, 401, 403, 404, 405, 410, 415, 422, 429, 500, 502, 503, 504,
  599,
].map((status) => ({
  id: `F-${status}`,
  title: `answers ${status}`,
  serve: answer(`HTTP/1.1 ${status} Said\r\nContent-Length: 5\r\nRetry-After: 7\r\n\r\nerror`),
  expect: { status, retryAfterMs: 7_000, body: 'error', truncated: false },
  check: (outcome) => outcome.kind === 'response' && outcome.headers['retry-after'] === '7',
}))

/** Rows A to D and F of the list that take no more than one request to one plain server. */
export const faults: readonly Fault[] = [
  ...timing,
  ...bodies,
  ...framing,
  ...connection,
  ...statuses,
]
