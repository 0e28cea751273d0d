import type { ReceiveRequest } from './request'
import type { RefusalCode } from './result'
import { completed, NOW, OTHER_SECRET, signed, signedBytes } from './test-support'

export type Make = () => Promise<ReceiveRequest> | ReceiveRequest

const utf8 = new TextEncoder()
const digest = 'A'.repeat(43)

/** A good request with other headers; undefined takes one away. */
export const withHeaders =
  (change: Record<string, string | string[] | undefined>): Make =>
  async () => {
    const { headers, body } = await signed()
    return { headers: { ...headers, ...change }, body }
  }

const withBody =
  (body: string | Uint8Array<ArrayBuffer>): Make =>
  () =>
    signedBytes(body)

const envelope = (change: Record<string, unknown>): Make =>
  withBody(JSON.stringify({ ...completed, ...change }))

export const aged =
  (seconds: number): Make =>
  () =>
    signed(completed, { at: NOW / 1_000 - seconds })

/** What a peer may send, and what it is told. */
export const badRequests: readonly (readonly [string, number, RefusalCode, Make])[] = [
  ['no headers at all', 400, 'missing_header', () => ({ headers: {}, body: new Uint8Array() })],
  ['no id', 400, 'missing_header', withHeaders({ 'webhook-id': undefined })],
  ['no timestamp', 400, 'missing_header', withHeaders({ 'webhook-timestamp': undefined })],
  ['no signature', 400, 'missing_header', withHeaders({ 'webhook-signature': undefined })],
  ['an id twice', 400, 'duplicate_header', withHeaders({ 'webhook-id': ['a', 'a'] })],
  ['an id twice, joined', 400, 'duplicate_header', withHeaders({ 'webhook-id': 'a, a' })],
  ['an empty id', 400, 'malformed_header', withHeaders({ 'webhook-id': '' })],
  ['an id with a dot', 400, 'malformed_header', withHeaders({ 'webhook-id': 'a.b' })],
  ['an id of 100 KB', 400, 'malformed_header', withHeaders({ 'webhook-id': 'a'.repeat(100_000) })],
  ['an empty signature', 400, 'malformed_header', withHeaders({ 'webhook-signature': '' })],
  [
    'a signature of odd length',
    400,
    'malformed_header',
    withHeaders({ 'webhook-signature': `v1,${digest}=A` }),
  ],
  [
    'a signature that is not ASCII',
    400,
    'malformed_header',
    withHeaders({ 'webhook-signature': `v1,${'é'.repeat(43)}=` }),
  ],
  [
    'a signature of another version only',
    401,
    'signature_mismatch',
    withHeaders({ 'webhook-signature': `v9,${digest}=` }),
  ],
  [
    'a signature that fits nothing',
    401,
    'signature_mismatch',
    withHeaders({ 'webhook-signature': `v1,${digest}=` }),
  ],
  ['another id than was signed', 401, 'signature_mismatch', withHeaders({ 'webhook-id': 'other' })],
  [
    'a secret that is not ours',
    401,
    'signature_mismatch',
    () => signed(completed, { secret: OTHER_SECRET }),
  ],
  [
    'a body with one bit changed',
    401,
    'signature_mismatch',
    async () => {
      const { headers, body } = await signed()
      const changed = body.slice()
      changed[10] = (changed[10] ?? 0) ^ 1
      return { headers, body: changed }
    },
  ],
  [
    'a body with a byte more',
    401,
    'signature_mismatch',
    async () => {
      const { headers, body } = await signed()
      return { headers, body: Uint8Array.from([...body, 0x20]) }
    },
  ],
  ...['', '0', '-1', '1e9', '0x5f5e1000', '1767225600.5', `${NOW}`, '1767225600x', ' 1767225600']
    .concat(['1767225600 ', '01767225600', '+1767225600', 'NaN', 'Infinity', '١٧٦٧٢٢٥٦٠٠'])
    .map(
      (text) =>
        [
          `the timestamp '${text}'`,
          400,
          'malformed_header',
          withHeaders({ 'webhook-timestamp': text }),
        ] as const,
    ),
  ['a timestamp twice', 400, 'duplicate_header', withHeaders({ 'webhook-timestamp': ['1', '2'] })],
  ['a signature 301 s old', 400, 'timestamp_too_old', aged(301)],
  ['a signature 301 s ahead', 400, 'timestamp_too_new', aged(-301)],
  ['an empty body', 400, 'malformed_json', withBody('')],
  ['a body of blanks', 400, 'malformed_json', withBody('  \n')],
  ['half of a JSON body', 400, 'malformed_json', withBody('{"id":"a"')],
  ['JSON with something behind', 400, 'malformed_json', withBody('{} {}')],
  ['a body led by a byte order mark', 400, 'malformed_json', withBody('\ufeff{"id":"a"}')],
  ['a body of 0xFF', 400, 'malformed_json', withBody(Uint8Array.of(0xff))],
  [
    'invalid UTF-8 within a JSON string',
    400,
    'malformed_json',
    () => signedBytes(Uint8Array.of(...utf8.encode('{"id":"'), 0xff, ...utf8.encode('"}'))),
  ],
  ['a body in UTF-16', 400, 'malformed_json', withBody(Uint8Array.of(0x7b, 0, 0x7d, 0))],
  ['nesting without end', 400, 'malformed_json', withBody('['.repeat(100_000))],
  ...['null', 'true', '0', '"text"', '[]', '{}'].map(
    (json) => [`the JSON ${json}`, 422, 'invalid_envelope', withBody(json)] as const,
  ),
  ['an envelope without id', 422, 'invalid_envelope', envelope({ id: undefined })],
  ['an envelope with a number for an id', 422, 'invalid_envelope', envelope({ id: 7 })],
  ['an envelope with a bad type', 422, 'invalid_envelope', envelope({ type: 'a b' })],
  ['an envelope with a bad time', 422, 'invalid_envelope', envelope({ timestamp: 'today' })],
  ['an envelope with version 0', 422, 'invalid_envelope', envelope({ version: 0 })],
  ['an envelope without data', 422, 'invalid_envelope', envelope({ data: undefined })],
  ['data that does not fit', 422, 'invalid_data', envelope({ data: { runId: 1 } })],
  ['data that is a scalar', 422, 'invalid_data', envelope({ data: 'text' })],
  [
    'a prototype where data should be',
    422,
    'invalid_data',
    withBody(JSON.stringify(completed).replace('"runId"', '"__proto__"')),
  ],
  ['a version newer than ours', 422, 'unsupported_version', envelope({ version: 2 })],
  ['a version beyond counting', 422, 'invalid_envelope', envelope({ version: 2 ** 53 })],
  ['GET', 405, 'method_not_allowed', async () => ({ ...(await signed()), method: 'GET' })],
  ['PUT', 405, 'method_not_allowed', async () => ({ ...(await signed()), method: 'PUT' })],
  ['gzip', 415, 'unsupported_media_type', withHeaders({ 'content-encoding': 'gzip' })],
  ['a made-up encoding', 415, 'unsupported_media_type', withHeaders({ 'Content-Encoding': 'x' })],
]
