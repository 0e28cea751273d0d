import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { faults } from './faults'

const sender = 'packages/sender/src/lib'

/** The rows of the list of faults: timing (A), bodies (B), framing (C), connections (D), TLS (E), statuses (F), `Retry-After` (G), schedules (H). */
const rows = Object.entries({ A: 9, B: 9, C: 17, D: 11, E: 8, F: 7, G: 16, H: 10 }).flatMap(
  ([section, count]) => Array.from({ length: count }, (_, index) => `${section}${index + 1}`),
)

/** In `faults.ts`: what takes one request to one plain server. `F-410` is one status of section F. */
const inFaults = faults.map(({ id }) => id.replace(/[a-z]$|-\d+$/, ''))

/** In other tests: which rows, where, and words that stand there. */
const elsewhere: readonly (readonly [rows: string, file: string, words: string])[] = [
  ['A7', 'e2e/transport/tls.test.ts', 'A7 never answered'],
  ['A8', 'e2e/transport/guard.test.ts', 'A8: that hangs ends with its own budget'],
  // A client that decodes bodies is not used.
  ['B4 B5', `${sender}/network/transport/slot.ts`, "import { Client } from 'undici'"],
  ['B6', 'e2e/transport/connections.test.ts', "'accept-encoding: identity'"],
  ['C9', 'e2e/transport/connections.test.ts', 'C9: are dropped when bytes come'],
  ['D1', 'e2e/transport/connections.test.ts', 'D1: nobody listens'],
  ['D5', 'e2e/transport/connections.test.ts', 'D5: are replaced when the peer has closed them'],
  ['D6 D10', 'e2e/transport/connections.test.ts', 'is replaced by a fresh one, once'],
  ['D7 D8', 'e2e/transport/connections.test.ts', "'Connection: close', 'Keep-Alive: timeout=1'"],
  ['D9', 'e2e/slow/transport/keep-alive.test.ts', 'D9: an idle socket'],
  ['D11', 'e2e/transport/guard.test.ts', 'D11: a lookup that'],
  ['E1 E2 E3', 'e2e/transport/tls.test.ts', "['E3', 'expired', 'CERT_HAS_EXPIRED']"],
  ['E4', 'e2e/transport/tls.test.ts', 'E4 TLS 1.1 alone is not spoken'],
  ['E5', 'e2e/transport/tls.test.ts', 'E5 https to a plain port'],
  ['E6', 'e2e/transport/tls.test.ts', 'E6 http to a TLS port'],
  ['E7', 'e2e/transport/tls.test.ts', 'E7 reset while it is under way'],
  ['E8', 'e2e/transport/endpoint-tls.test.ts', 'is trusted for its endpoint, and for no other'],
  // 2xx, 3xx, 4xx and 5xx, 410, and those that throttle: each status is in `faults.ts`.
  ['F1 F2 F3 F4 F5', 'e2e/transport/faults.test.ts', 'function decision('],
  ['F6', `${sender}/model/settle.test.ts`, '[0, 99, 100, 102, 199, 600, 999]'],
  ['F7', `${sender}/model/attempt.test.ts`, 'takes a 200 that says error for a success'],
  ['G1 G2 G3 G4 G5 G6', `${sender}/model/retry-after.test.ts`, "'120.1',"],
  ['G7', `${sender}/model/settle.retry-after.test.ts`, "['99999999999999999999', day]"],
  ['G8', `${sender}/model/retry-after.test.ts`, "describe('several values'"],
  ['G9 G10 G11 G12 G13', `${sender}/model/retry-after.test.ts`, "describe('an HTTP-date'"],
  ['G14', `${sender}/model/settle.retry-after.test.ts`, "the response's own Date"],
  ['G15', `${sender}/model/settle.test.ts`, 'has its Retry-After ignored'],
  ['G16', `${sender}/model/settle.retry-after.test.ts`, 'and ignored on a redirect'],
  ['H1 H4 H5 H6', 'e2e/transport/between-attempts.test.ts', 'H6: the secret is rotated'],
  ['H2', `${sender}/worker/probing.test.ts`, 'is neither probed nor disabled'],
  ['H3', `${sender}/worker/probing.test.ts`, 'is disabled once, after five days'],
  // A replay is refused while the delivery is pending, for a disabled endpoint, and without a payload.
  ['H7 H8', `${sender}/management/deliveries.test.ts`, "refusal('endpoint_disabled')"],
  ['H9', `${sender}/management/deliveries.test.ts`, 'of a pruned payload is refused'],
  ['H10', `${sender}/worker/outage.test.ts`, 'their retries spread'],
]

it('each row of the list has its test', () => {
  const shown = new Set([...inFaults, ...elsewhere.flatMap(([names]) => names.split(' '))])
  expect(rows.filter((row) => !shown.has(row))).toEqual([])
})

it.each(elsewhere)('%s: %s', (_rows, file, words) => {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
  expect(text).toContain(words)
})
