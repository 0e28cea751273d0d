import { text } from 'node:stream/consumers'
import { createReceiver } from '@posthorn/receiver'
import { memoryIdempotency } from '@posthorn/receiver/memory'
import { toNode } from '@posthorn/receiver/node'
import { envelopes } from '@posthorn/schema'
import type { Scheme } from '@posthorn/schema/signature'
import { aetherflow } from '@posthorn/schema/vendors/aetherflow'
import { b3os } from '@posthorn/schema/vendors/b3os'
import { honeyframe } from '@posthorn/schema/vendors/honeyframe'
import { describe, expect, it } from 'vitest'
import { guarded } from '../lib/guarded'
import { answersTo, SECRET, senderOf, serve } from './bed'

interface Arrived {
  readonly id: string
  readonly type: string
  readonly data: unknown
}

function listenerOf(system: typeof b3os | typeof aetherflow | typeof honeyframe) {
  const { scheme, envelope, events } = system
  const receiver = createReceiver({
    secrets: SECRET,
    ...{ scheme, envelope, events },
    idempotency: {
      store: memoryIdempotency(),
      source: scheme.name,
      key: (event: { readonly id: string }) => event.id,
    },
  })
  const arrived: Arrived[] = []
  for (const type of events.types) {
    receiver.on(
      type as never,
      ({ id, type, data }: Arrived) => void arrived.push({ id, type, data }),
    )
  }
  return { arrived, listener: toNode(receiver) }
}

describe.each([
  ['B3OS', b3os],
  ['AetherFlow', aetherflow],
  ['Honeyframe', honeyframe],
])('%s', (_name, system) => {
  it('every type of its catalogue travels from our sender to our receiver, once', async () => {
    const { arrived, listener } = listenerOf(system)
    const url = await serve(listener)
    const sender = senderOf(system)
    await sender.endpoints.create({ url, eventTypes: ['*'], secret: SECRET })
    const sent: string[] = []
    for (const type of system.events.types) {
      const data = system.events.definition(type)?.example
      await sender.send({ type, data })
      sent.push(type)
    }
    await sender.deliverDue()
    expect(arrived.map(({ type }) => type).sort()).toEqual(sent.sort())
    for (const { type, data } of arrived) {
      expect(data).toEqual(system.events.definition(type)?.example)
    }
    const { items } = await sender.deliveries.list({ status: 'succeeded' })
    for (const { id } of items) await sender.deliveries.replay(id)
    await sender.deliverDue()
    expect(arrived).toHaveLength(sent.length)
  })
})

it('B3OS: a hook without id and time, under the other name of its state, is handled once', async () => {
  const { arrived, listener } = listenerOf(b3os)
  const url = await serve(listener)
  const post = async (json: object) => {
    const body = new TextEncoder().encode(JSON.stringify(json))
    const headers = await b3os.scheme.sign({ id: '', timestamp: 0, body }, [SECRET])
    return (await fetch(url, { method: 'POST', headers, body })).json()
  }
  const hook = { event: 'run.succeeded', runId: 'run_1', addedLater: true }
  expect(await post(hook)).toEqual({ code: 'handled' })
  expect(await post(hook)).toEqual({ code: 'duplicate' })
  expect(arrived).toEqual([{ id: 'run_1_run_completed', type: 'run.completed', data: hook }])
})

it('Honeyframe: the interim shape is a plain POST of message and metadata, unsigned', async () => {
  const unsigned: Scheme = {
    name: 'unsigned',
    covers: { id: false, time: false },
    headers: [],
    sign: async () => ({}),
    verify: async () => ({ ok: false, code: 'signature_mismatch' }),
    checkSecret() {},
  }
  const requests: { headers: object; body: string }[] = []
  const starting = guarded(async (request, response) => {
    requests.push({ headers: request.headers, body: await text(request) })
    response.end('{"workflow":"started"}')
  })
  const url = await serve(starting)
  const sender = senderOf({ scheme: unsigned, envelope: envelopes.raw })
  await sender.endpoints.create({ url: `${url}/secret-path`, eventTypes: ['*'] })
  const data = { message: 'The dataset is new', metadata: { dataset: 'ds_1' } }
  await sender.send({ type: 'message.sent', data })
  await sender.deliverDue()
  expect(requests.map(({ body }) => JSON.parse(body))).toEqual([data])
  const names = Object.keys(requests[0]?.headers ?? {})
  expect(names.filter((name) => /signature|webhook/.test(name))).toEqual([])
  const { items } = await sender.deliveries.list({})
  expect(await answersTo(sender, items[0]?.id ?? '')).toEqual(['200 {"workflow":"started"}'])
})
