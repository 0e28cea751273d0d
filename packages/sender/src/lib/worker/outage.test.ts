import { expect, it } from 'vitest'
import { run, testSender, url } from '../test-sender'
import type { RecordedRequest } from '../testing/recording-transport'

const [deliveries, endpoints, perEndpoint, concurrency] = [1_000, 4, 5, 40]
const [answerMs, retryMs] = [50, 300_000]

/** Even enough, and the same each time. */
function evenly(): () => number {
  let step = 0
  return () => {
    step += 1
    return (step * 0.618_033_988_75) % 1
  }
}

/** The most requests of one kind that were open at once, each for as long as an answer takes. */
function peak(requests: readonly RecordedRequest[]): number {
  const edges = requests
    .flatMap(({ at }) => [[at, 1] as const, [at + answerMs, -1] as const])
    .sort(([a, up], [b, down]) => a - b || up - down)
  let [open, most] = [0, 0]
  for (const [, change] of edges) {
    open += change
    most = Math.max(most, open)
  }
  return most
}

function groupBy<Key>(requests: readonly RecordedRequest[], keyOf: (of: RecordedRequest) => Key) {
  const groups = new Map<Key, RecordedRequest[]>()
  for (const request of requests) {
    const group = groups.get(keyOf(request)) ?? []
    groups.set(keyOf(request), group)
    group.push(request)
  }
  return groups
}

it(`${deliveries} deliveries that fall due at once keep to the caps, and their retries spread`, async () => {
  const asked = new Map<string, number>()
  const firstFails = ({ headers }: RecordedRequest) => {
    const id = `${headers['webhook-id']}`
    asked.set(id, (asked.get(id) ?? 0) + 1)
    return { status: asked.get(id) === 1 ? 500 : 200, delay: `${answerMs}ms` } as const
  }
  const { clock, sender, transport } = testSender(firstFails, {
    worker: { concurrency, perEndpoint },
    retry: { schedule: ['0s', `${retryMs}ms`] },
    health: { probeAfter: '1h' },
    random: evenly(),
  })
  for (let index = 0; index < endpoints; index += 1)
    await sender.endpoints.create({ url: `${url}/${index}`, eventTypes: [`run.n${index}`] })
  await sender.sendMany(
    Array.from({ length: deliveries }, (_, index) => ({
      ...run,
      type: `run.n${index % endpoints}`,
    })),
  )
  await clock.advance('6h')
  sender.start()
  await clock.advance('8m')

  const { requests } = transport
  expect(requests).toHaveLength(2 * deliveries)
  const peaks = [...groupBy(requests, (request) => request.url).values()].map(peak)
  expect(Math.max(...peaks)).toBeLessThanOrEqual(perEndpoint)
  expect(Math.max(...peaks), 'and the cap is what held them').toBe(perEndpoint)
  expect(peak(requests)).toBeLessThanOrEqual(concurrency)

  const waits = [...groupBy(requests, ({ headers }) => headers['webhook-id']).values()]
    .map(([first, second]) => (second?.at ?? 0) - (first?.at ?? 0) - answerMs)
    .sort((a, b) => a - b)
  const at = (share: number) => waits[Math.floor(share * (waits.length - 1))] ?? Number.NaN
  expect(at(0), 'never early').toBeGreaterThanOrEqual(retryMs)
  expect(at(0.95) - at(0.05)).toBeGreaterThan(0.1 * retryMs)
  const stopping = sender.stop()
  await clock.advance('1s')
  await stopping
})
