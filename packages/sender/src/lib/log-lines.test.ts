import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { WebhookError } from '@posthorn/schema'
import { describe, expect, it } from 'vitest'
import type { SenderOptions } from './options'
import type { SyncTransactions } from './ports/store'
import { testSender, url } from './test-sender'
import type { Responder } from './testing/recording-transport'

type Options = Partial<SenderOptions<never, SyncTransactions<undefined>>>
type Line = Readonly<Record<string, unknown>> & { readonly message: string }

const delivery = ['worker', 'tenantId', 'deliveryId', 'endpointId', 'eventId', 'attempt']
const endpoint = ['worker', 'tenantId', 'endpointId']
const store = ['worker', 'error']

/** Every message that the source logs, and what a line with it has to carry. */
const messages: Readonly<Record<string, readonly string[]>> = {
  'attempt answered': delivery,
  'attempt failed': delivery,
  'a request could not be built or sent': delivery,
  'the redact hook failed: headers and body are not kept': delivery,
  'a delivery could not be settled; its lease will run out and it will be tried again': delivery,
  'the lease was lost or the delivery canceled: its state was left as it is': delivery,
  'a lease was lost while its attempt ran': ['worker', 'tenantId', 'deliveryId', 'attempt'],
  'a listener failed': ['worker', 'tenantId', 'deliveryId', 'endpointId', 'eventId', 'event'],
  'an endpoint could not be updated': endpoint,
  'an endpoint could not be asked for its consent': endpoint,
  'leases could not be extended': store,
  'the worker could not use its store; it will try again': store,
  'the transport could not be closed': store,
}

/** Lines that other tests bring about, where what they tell of is tested. */
const elsewhere = [
  'a secret could not be sealed anew',
  'an operations event was dropped: too many wait for the store',
  'an operations event was not recorded',
  'leases could not be given back; they will run out',
  'telemetry failed: a span or a figure is missing',
  'the statistics could not be read',
]

const canary = 'canary-4111-1111'
const event = { type: 'run.completed', data: { card: canary } }
const refuse = () => {
  throw new RangeError(canary)
}
const failing = async () => refuse()

/** What is logged while `work` goes on with a sender that has one endpoint. */
async function logged(
  responder: Responder,
  options: Options,
  work: (made: ReturnType<typeof testSender>) => Promise<unknown>,
): Promise<readonly Line[]> {
  const lines: Line[] = []
  const note = (fields: Readonly<Record<string, unknown>>, message: string) =>
    lines.push({ ...fields, message })
  const logger = { debug: note, info: note, warn: note, error: note }
  const made = testSender(responder, { logger, ...options })
  await made.sender.endpoints.create({ url, headers: { 'x-key': canary } })
  await made.sender.send(event)
  await work(made)
  return lines
}

const pass = ({ sender }: ReturnType<typeof testSender>) => sender.deliverDue()

const scenarios: readonly (() => Promise<readonly Line[]>)[] = [
  () => logged([{ status: 200, body: canary }], { redact: refuse }, pass),
  () =>
    logged(refuse, {}, async (made) => {
      made.sender.on('attempt', refuse)
      await pass(made)
    }),
  () =>
    logged([503], {}, async (made) => {
      made.store.endpoints.transition = failing
      made.store.deliveries.settle = async (batch) => batch.map(() => 'stale')
      await pass(made)
    }),
  () =>
    logged([], {}, async (made) => {
      made.store.deliveries.settle = failing
      await pass(made)
    }),
  () =>
    logged([], { transport: { send: failing, close: failing } }, async (made) => {
      await pass(made)
      await made.sender.stop()
    }),
  () =>
    logged([{ status: 200, delay: '14s' }], { worker: { lease: '30s' } }, async (made) => {
      const { extend } = made.store.deliveries
      made.store.deliveries.extend = async () => []
      const running = pass(made)
      await made.clock.advance('10s')
      made.store.deliveries.extend = failing
      await made.clock.advance('4s')
      await running
      made.store.deliveries.extend = extend
    }),
  () =>
    logged([{ status: 200, delay: '14s' }], { worker: { lease: '30s' } }, async (made) => {
      made.store.deliveries.extend = failing
      const running = pass(made)
      await made.clock.advance('14s')
      await running
    }),
  () =>
    logged([], {}, async (made) => {
      made.store.deliveries.claimEvents = failing
      made.sender.start()
      await made.clock.advance('1s')
      await made.sender.stop()
    }),
  () =>
    logged(refuse, {}, async (made) => {
      const { endpoint } = await made.sender.endpoints.create({ url, verify: 'challenge' })
      await made.sender.endpoints.verify(endpoint.id).catch((error) => WebhookError.is(error))
    }),
]

describe('a line of the log', () => {
  it('carries the ids of what it is about, and no body, secret or text of a stranger’s error', async () => {
    const lines = (await Promise.all(scenarios.map((scenario) => scenario()))).flat()
    const known = new Set(Object.keys(messages))
    expect(new Set(lines.map(({ message }) => message))).toEqual(known)
    for (const line of lines) {
      const needed = messages[line.message] ?? []
      const missing = needed.filter((name) => line[name] === undefined)
      expect(missing, line.message).toEqual([])
    }
    expect(JSON.stringify(lines)).not.toContain('canary')
  })

  it('has a message that these tests know', () => {
    const known = [...Object.keys(messages), ...elsewhere]
    expect(loggedInSource().sort()).toEqual(known.sort())
  })
})

/** The message of each call of a logger: the text after its fields. */
function loggedInSource(): string[] {
  const calls = /logger\.(?:debug|info|warn|error)\([\s\S]*?'([^'\n]{12,})',?\s*\)/g
  const found = sources(import.meta.dirname).flatMap((text) =>
    [...text.matchAll(calls)].map((match) => match[1] ?? ''),
  )
  return [...new Set(found)]
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
}
