import { createSender, type Sender, type SenderStore } from '@posthorn/sender'
import { seededRandom } from '../../lib/random'
import { drained } from '../lib/deliveries'
import { type Sink, startSink } from '../lib/sink'

export const seed = Number(process.env.SEED ?? Date.now() % 100_000)

/** A p99 below this is as good as any, where sender, receiver and database share two cores; without turns it was tens of seconds. */
export const noiseMs = 250

export interface Delays {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** An endpoint for each path, of a tenant, for one event type. */
interface Registration {
  readonly tenant: string
  readonly path: string
  readonly type: string
}

interface Scene {
  /** The endpoints that are looked at, each with events of its own now and then. */
  readonly quiet: readonly Registration[]
  readonly perSecond: number
  readonly seconds: number
  /** The others, with so many events each that are due before the worker starts. */
  readonly noisy: readonly Registration[]
  readonly backlog: number
  readonly delayMs: (path: string) => number
  /** Whether the neighbours take every slot there is: then a quiet endpoint waits for one to come free. */
  readonly full: boolean
  /** How long the neighbours have been at it when the measurement begins: those that hang are found out at the first deadline. */
  readonly settleMs: number
}

const timeoutMs = 2_000
/** The defaults. */
export const worker = { concurrency: 100, perEndpoint: 10 } as const

/** 20 of 200 endpoints hang until the deadline, with 5,000 deliveries due each. */
export const hanging: Scene = {
  quiet: registrations(180, (index) => ({ tenant: 'default', type: `run.n${index}` })),
  perSecond: 100,
  seconds: 10,
  noisy: registrations(20, () => ({ tenant: 'default', type: 'noise' }), 180),
  backlog: 5_000,
  delayMs: (path) => (Number(path.slice(1)) < 180 ? 5 : Number.POSITIVE_INFINITY),
  full: false,
  settleMs: timeoutMs + 500,
}

/** One tenant has 1,000 endpoints with work waiting, which take every slot there is; another has one endpoint. */
export const crowd: Scene = {
  quiet: registrations(1, () => ({ tenant: 'small', type: 'run.done' })),
  perSecond: 20,
  seconds: 10,
  noisy: registrations(1_000, () => ({ tenant: 'big', type: 'noise' }), 1),
  backlog: 20,
  delayMs: () => 250,
  full: true,
  settleMs: 1_000,
}

function registrations(
  count: number,
  of: (index: number) => Omit<Registration, 'path'>,
  first = 0,
): readonly Registration[] {
  return Array.from({ length: count }, (_, index) => ({ path: `/${first + index}`, ...of(index) }))
}

export interface Measured {
  readonly onset: Delays
  readonly delays: Delays
  readonly noiseSent: number
  /** How long a request kept its slot, if all of them were taken all the time. */
  readonly slotMs: number
}

/** How long deliveries of the quiet endpoints wait from due to received: at the onset of the noise, if there is any, and afterwards. */
export async function measure(
  open: () => Promise<SenderStore>,
  scene: Scene,
  noise: boolean,
): Promise<Measured> {
  const sink = await startSink({ delayMs: (path) => scene.delayMs(path) })
  const sender = createSender({
    store: await open(),
    network: { development: true },
    timeout: `${timeoutMs}ms`,
    worker,
  })
  await sender.migrate()
  for (const { tenant, path, type } of [...scene.quiet, ...scene.noisy])
    await sender.tenant(tenant).endpoints.create({ url: `${sink.url}${path}`, eventTypes: [type] })
  if (noise) await fill(sender, scene)
  sender.start()
  const onset = await trickle(sender, sink, { ...scene, seconds: scene.settleMs / 1_000 })
  const [began, before] = [performance.now(), sink.received.length]
  const delays = await trickle(sender, sink, scene)
  const took = performance.now() - began
  const slotMs = Math.round((worker.concurrency * took) / (sink.received.length - before))
  const quiet = new Set(scene.quiet.map(({ path }) => path))
  const noiseSent = sink.received.filter(({ path }) => !quiet.has(path)).length
  await sender.stop({ timeout: '3s' })
  await sink.close()
  return { onset, delays, noiseSent, slotMs }
}

async function fill(sender: Sender, { noisy, backlog }: Scene): Promise<void> {
  const [first] = noisy
  if (first === undefined) return
  const tenant = sender.tenant(first.tenant)
  const event = { type: first.type, data: { padding: 'x'.repeat(100) } }
  for (let left = backlog; left > 0; left -= 100)
    await tenant.sendMany(Array.from({ length: Math.min(100, left) }, () => event))
}

async function trickle(
  sender: Sender,
  sink: Sink,
  { quiet, perSecond, seconds }: Pick<Scene, 'quiet' | 'perSecond' | 'seconds'>,
): Promise<Delays> {
  const random = seededRandom(seed)
  const due = new Map<string, number>()
  const sends: Promise<unknown>[] = []
  const began = performance.now()
  for (let sent = 0; sent < perSecond * seconds; sent += 1) {
    const wait = began + (sent * 1_000) / perSecond - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    const to = quiet[Math.floor(random() * quiet.length)]
    if (to === undefined) throw new RangeError('nobody to send to')
    const id = `evt_${to.type}_${performance.now()}`.replaceAll('.', '_')
    due.set(id, Date.now())
    sends.push(sender.tenant(to.tenant).send({ id, type: to.type, data: {} }))
  }
  await Promise.all(sends)
  return delaysOf(await arrivals(sink, due))
}

/** How long each waited, once all are there. */
async function arrivals(sink: Sink, due: ReadonlyMap<string, number>): Promise<number[]> {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = sink.received.filter(({ id }) => due.has(id))
    if (found.length >= due.size) return found.map(({ id, at }) => at - (due.get(id) ?? 0))
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new RangeError('not all arrived within a minute')
}

function delaysOf(waits: number[]): Delays {
  waits.sort((a, b) => a - b)
  const at = (share: number) => waits[Math.floor(share * (waits.length - 1))] ?? Number.NaN
  return { count: waits.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** So many deliveries to so many endpoints that fell due while no worker ran, and what the endpoints then saw. */
export async function afterOutage(
  open: () => Promise<SenderStore>,
  deliveries: number,
  endpoints: number,
) {
  const sink = await startSink({ delayMs: () => 20 })
  const sender = createSender({ store: await open(), network: { development: true }, worker })
  await sender.migrate()
  for (const { path } of registrations(endpoints, () => ({ tenant: 'default', type: 'run.done' })))
    await sender.endpoints.create({ url: `${sink.url}${path}`, eventTypes: ['run.done'] })
  for (let left = deliveries / endpoints; left > 0; left -= 100)
    await sender.sendMany(
      Array.from({ length: Math.min(100, left) }, () => ({ type: 'run.done', data: {} })),
    )
  sender.start()
  const drainedMs = await drained(sender, 120_000)
  await sender.stop({ timeout: '3s' })
  await sink.close()
  const peak = Math.max(...sink.peaks.values())
  return { received: sink.received.length, peak, drainedMs }
}
