import type { Duration } from '@posthorn/schema'
import { createSender, type EndpointInput, type SenderStore } from '@posthorn/sender'
import { memoryStore } from '@posthorn/sender/memory'
import { expect } from 'vitest'
import { certificateOf } from '../lib/certificates'
import { makeScene, operationsTenant, proxyWith, type Scene, tokenUrl } from './scene'

/** Lets time pass: for a store that has a clock of its own, there as well. */
export type Pass = (by: Duration) => Promise<unknown>
type Run = Scene & { readonly pass: Pass }
type TestSender = ReturnType<Scene['sender']>

const url = 'https://receiver.example/hooks'
const event = { type: 'run.completed', data: { runId: 'r1' } } as const

function inputs({ canaries }: Scene): readonly EndpointInput[] {
  const common = { url, secret: canaries.currentSecret }
  const { clientSecret, bearerToken: token, basicPassword: password, tlsKey } = canaries
  const tls = { certificate: certificateOf('client-1'), key: tlsKey }
  return [
    { ...common, headers: { 'x-api-key': { value: canaries.sensitiveHeader, sensitive: true } } },
    { ...common, headers: { Authorization: canaries.authorizationHeader } },
    { ...common, authorization: { type: 'bearer', token }, tls },
    { ...common, authorization: { type: 'basic', username: 'user', password } },
    { ...common, authorization: { type: 'oauth2', tokenUrl, clientId: 'c', clientSecret } },
  ]
}

/** Each must fail; how is written down. */
async function refusals({ canaries, note }: Scene, sender: TestSender): Promise<void> {
  const { create } = sender.endpoints
  const { refusedSecret, urlPassword, refusedTlsKey, bearerToken: token } = canaries
  const broken = `${canaries.sensitiveHeader}\r\n`
  const tls = { certificate: certificateOf('client-1'), key: refusedTlsKey }
  const authorization = { type: 'bearer', token: `${token}\n` } as const
  const calls: readonly (() => Promise<unknown>)[] = [
    () => create({ url, secret: refusedSecret }),
    () => create({ url: `https://user:${urlPassword}@receiver.example/` }),
    () => create({ url, headers: { 'x-api-key': { value: broken, sensitive: true } } }),
    () => create({ url, tls }),
    () => create({ url, authorization }),
    async () => makeScene(memoryStore()).sender([{ id: 'k', key: canaries.refusedRingKey }]),
    async () => {
      const proxy = `${proxyWith(canaries.refusedProxyPassword)}/path`
      createSender({ store: memoryStore(), network: { proxy } })
    },
  ]
  for (const call of calls)
    note(
      await call().then(
        () => expect.unreachable(),
        (error) => error,
      ),
    )
}

/** Creates, and keeps of the answer all but the secret, which is answered once. */
async function createAll(scene: Scene, sender: TestSender): Promise<readonly string[]> {
  const ids: string[] = []
  for (const input of inputs(scene)) {
    const { endpoint, secret } = await sender.endpoints.create(input)
    expect(secret).toBe(scene.canaries.currentSecret)
    ids.push(scene.note(endpoint).id)
  }
  return ids
}

async function deliver({ note, state, pass }: Run, sender: TestSender): Promise<void> {
  note(await sender.send(event))
  for (const wrong of ['failing', 'transportThrows', 'serviceDown', undefined] as const) {
    state.failing = wrong === 'failing'
    state.transportThrows = wrong === 'transportThrows'
    state.serviceDown = wrong === 'serviceDown'
    await sender.deliverDue()
    await pass('6h')
  }
}

async function rotate({ canaries, note }: Scene, sender: TestSender, id: string): Promise<void> {
  const [, ...before] = (await sender.endpoints.get(id)).secrets
  for (const older of before) note(await sender.endpoints.revokeSecret(id, older.id))
  const given = [canaries.olderSecret, canaries.revokedSecret, canaries.currentSecret]
  for (const secret of given) {
    const rotated = await sender.endpoints.rotateSecret(id, { secret, overlap: '10h' })
    expect(rotated.secret).toBe(secret)
    note(rotated.endpoint)
  }
  const { secrets } = await sender.endpoints.get(id)
  note(await sender.endpoints.revokeSecret(id, secrets[1]?.id ?? ''))
}

async function read({ note }: Scene, sender: TestSender, ids: readonly string[]): Promise<void> {
  note(await sender.endpoints.list())
  note(await sender.operator.endpoints.list())
  note(await sender.tenant(operationsTenant).deliveries.list())
  note(await sender.tenant(operationsTenant).events.list())
  note(await sender.statistics())
  note(await sender.events.list())
  const [asked = ''] = ids
  note(await sender.endpoints.test(asked))
  note(await sender.endpoints.verify(asked, { method: 'challenge' }))
  for (const id of ids) {
    note(await sender.endpoints.get(id))
    note(await sender.endpoints.update(id, { name: 'renamed' }))
  }
  const { items } = note(await sender.deliveries.list())
  for (const { id } of items) {
    note(await sender.deliveries.get(id))
    note(await sender.deliveries.attempts(id))
  }
}

async function again({ note, state, pass }: Run, sender: TestSender): Promise<void> {
  state.failing = false
  await sender.deliverDue()
  const { items } = await sender.deliveries.list({ status: 'succeeded' })
  expect(items.length).toBeGreaterThan(0)
  for (const { id } of items) {
    note(await sender.deliveries.replay(id, { as: 'new' }))
    await sender.deliverDue()
  }
  note(await sender.recover({ since: new Date(0), only: 'all' }))
  await sender.deliverDue()
  await pass('1h')
}

/** Everything that can be done, under each ring, and what is then in the store. */
export async function everything(store: SenderStore, passThere: Pass = async () => {}) {
  const scene = makeScene(store)
  const run = {
    ...scene,
    pass: async (by: Duration) => {
      await passThere(by)
      await scene.clock.advance(by)
    },
  }
  const { older, newer, service } = scene.keys
  const first = scene.sender([older])
  await first.migrate()
  await refusals(scene, first)
  const ids = await createAll(scene, first)
  const operations = first.tenant(operationsTenant).endpoints
  const secret = scene.canaries.currentSecret
  scene.note((await operations.create({ url, secret })).endpoint)
  for (const [keys, isRedacting] of [
    [[older], false],
    [[newer, older], true],
    [[service, newer], false],
  ] as const) {
    const sender = scene.sender(keys, isRedacting)
    if (keys[0] !== older)
      scene.note(await sender.reencrypt({ onProgress: (soFar) => void scene.note(soFar) }))
    await deliver(run, sender)
    await rotate(scene, sender, ids[0] ?? '')
    await again(run, sender)
    await read(scene, sender, ids)
  }
  await scene.sender([service]).endpoints.delete(ids[4] ?? '')
  const { items } = scene.note(await store.endpoints.list({ limit: 100 }))
  expect(items).toHaveLength(5)
  return scene
}
