import { schemes, signHeaders } from '@posthorn/schema'
import { b3os } from '@posthorn/schema/vendors/b3os'
import { github } from '@posthorn/schema/vendors/github'
import { describe, expect, it, vi } from 'vitest'
import { createReceiver } from './receiver'
import { memoryIdempotency } from './stores/memory'
import { completed, NOW, SECRET } from './test-support'
import { fakeClock } from './testing/fake-clock'
import { signTestRequest } from './testing/sign-test-request'

const logger = { debug() {}, info() {}, warn() {}, error() {} }
const at = NOW / 1_000
const weak = { secret: SECRET, scheme: b3os.scheme, at }
type Options = Parameters<typeof createReceiver>[0]

function receiverOf(options: Partial<Options> = {}) {
  const clock = fakeClock(NOW)
  const idempotency = { store: memoryIdempotency(), source: 'billing' }
  const receiver = createReceiver({ secrets: SECRET, idempotency, clock, logger, ...options })
  const handler = vi.fn()
  receiver.on(completed.type, handler)
  return { receiver, handler, clock }
}

/** Signed under both schemes, as a sender does while its receivers move from one to the other. */
async function signedTwice() {
  const request = await signTestRequest(completed, { secret: SECRET, at })
  const message = { id: completed.id, timestamp: at, body: request.body }
  const both = await signHeaders(b3os.scheme, message, [SECRET])
  const { 'content-type': type = '' } = request.headers
  return {
    both: { ...request, headers: { ...request.headers, ...both } },
    stripped: { ...request, headers: { 'content-type': type, ...both } },
  }
}

describe('the scheme is chosen by configuration', () => {
  it('a route of the strong one refuses what only the weak one signed, with the same secret', async () => {
    const { receiver, handler } = receiverOf()
    const { receiver: other } = receiverOf({ scheme: b3os.scheme })
    const request = await signTestRequest(completed, weak)
    expect((await other.receive(request)).status).toBe(200)
    expect(await receiver.receive(request)).toMatchObject({ status: 400 })
    const { stripped } = await signedTwice()
    expect(await receiver.receive(stripped)).toMatchObject({ status: 400 })
    expect(handler).not.toHaveBeenCalled()
  })

  it('a route of the strong one does not let the weak one mend a bad signature or time', async () => {
    const { receiver, clock } = receiverOf()
    const { both } = await signedTwice()
    const bad = { ...both.headers, 'webhook-signature': `v1,${'A'.repeat(43)}=` }
    expect((await receiver.receive({ ...both, headers: bad })).status).toBe(401)
    await clock.advance('6m')
    const { outcome } = await receiver.receive(both)
    expect(outcome).toMatchObject({ code: 'timestamp_too_old' })
  })

  it('a route of both is as weak as the weaker: by the event’s id a stripped copy is a duplicate all the same', async () => {
    const store = memoryIdempotency()
    const { receiver, handler, clock } = receiverOf({
      schemes: [schemes.standard, b3os.scheme],
      idempotency: { store, source: 'billing', key: (event) => event.id },
    })
    const { both, stripped } = await signedTwice()
    expect((await receiver.receive(both)).outcome.kind).toBe('handled')
    expect((await receiver.receive(stripped)).outcome.kind).toBe('duplicate')
    await clock.advance('1h')
    expect((await receiver.receive(stripped)).outcome.kind).toBe('duplicate')
    expect(handler).toHaveBeenCalledTimes(1)
  })
})

describe('under a scheme that signs no id', () => {
  const ids = ['webhook-id', 'x-github-delivery', 'x-b3os-delivery', 'svix-id', 'idempotency-key']

  it.each([
    ['b3os', b3os],
    ['github', github],
  ])('%s: no header makes a copy another message', async (_name, { scheme, envelope }) => {
    const { receiver, handler } = receiverOf({ scheme, envelope, type: completed.type })
    const request = await signTestRequest(completed, { ...weak, scheme, envelope })
    const statuses: string[] = []
    for (const name of ['none', ...ids]) {
      const headers = { ...request.headers, [name]: `other-${name}` }
      statuses.push((await receiver.receive({ ...request, headers })).outcome.kind)
    }
    expect(statuses).toEqual(['handled', ...ids.map(() => 'duplicate')])
    expect(handler).toHaveBeenCalledTimes(1)
  })

  it('a copy under another, unsigned type is a duplicate, and never reaches that type’s handler', async () => {
    const { scheme, envelope, unsignedType } = github
    const { receiver, handler } = receiverOf({ scheme, envelope, type: unsignedType })
    const deployed = vi.fn()
    receiver.on('deployment', deployed)
    const request = await signTestRequest(completed, { ...weak, scheme, envelope })
    const as = (type: string) =>
      receiver.receive({ ...request, headers: { ...request.headers, 'x-github-event': type } })
    expect((await as(completed.type)).outcome.kind).toBe('handled')
    expect((await as('deployment')).outcome.kind).toBe('duplicate')
    expect((await as('a b')).outcome).toMatchObject({ code: 'invalid_envelope' })
    expect((await receiver.receive(request)).outcome).toMatchObject({ code: 'invalid_envelope' })
    expect(deployed).not.toHaveBeenCalled()
    expect(handler).toHaveBeenCalledTimes(1)
  })
})
