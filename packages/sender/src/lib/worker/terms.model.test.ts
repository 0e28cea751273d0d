import { describe, expect, it, vi } from 'vitest'
import { createSender } from '../create-sender'
import { memoryStore } from '../stores/memory/memory-store'
import { fakeClock } from '../testing/fake-clock'
import { type RecordedRequest, recordingTransport } from '../testing/recording-transport'

vi.setConfig({ testTimeout: 60_000 })

const perSecond = 4
const maxAttempts = 4
const mostDeferrals = 5
const events = 40
const urls = ['block', 'proceed', 'unordered'].map((name) => `https://${name}.example/hook`)

/** Uniform in [0, 1), the same for a seed. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function answerOf(random: () => number) {
  const drawn = random()
  const wait = { 'retry-after': String(1 + Math.floor(random() * 9)) }
  if (drawn < 0.4) return { status: 200, delay: '40ms' } as const
  if (drawn < 0.6) return { status: 500, delay: '300ms' } as const
  if (drawn < 0.75) return { status: 409, headers: wait }
  if (drawn < 0.9) return { status: drawn < 0.8 ? 429 : 503, headers: wait }
  return { status: 200, delay: '1m' } as const
}

/** Two workers, an endpoint of each order, answers by chance; everything sent has ended when this resolves. */
async function history(seed: number) {
  const random = chance(seed)
  const clock = fakeClock()
  const store = memoryStore()
  const transport = recordingTransport(() => answerOf(random), { clock })
  const options = {
    ...{ store, clock, transport, random },
    retry: { schedule: ['0s', '5s', '30s', '2m'], jitter: 0.2 },
    health: { probeAfter: '20s' },
    worker: { pollInterval: '5s' },
  } as const
  const workers = [createSender(options), createSender(options)]
  const [sender] = workers
  if (!sender) throw new TypeError('no worker')
  const rateLimit = { limit: perSecond, per: '1s' } as const
  for (const [index, url] of urls.entries()) {
    const ordered = ([{ ordered: 'block' }, { ordered: 'proceed' }, {}] as const)[index]
    await sender.endpoints.create({ url, rateLimit, ...ordered })
  }
  for (const worker of workers) {
    worker.on('ordering.blocked', ({ deliveryId }) => void worker.deliveries.cancel(deliveryId))
    worker.start()
  }
  for (let n = 0; n < events; n += 1) {
    const orderingKey = `k${Math.floor(random() * 4)}`
    await sender.send({ id: `e${n}`, type: 'run.completed', data: { orderingKey }, orderingKey })
    if (n % 10 === 9) await clock.advance('7s')
  }
  await clock.advance('1h')
  const stopping = workers.map((worker) => worker.stop())
  await clock.advance('1s')
  await Promise.all(stopping)
  return { requests: transport.requests, statistics: await sender.statistics() }
}

function groupedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string) {
  const groups = new Map<string, Item[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}

const messageOf = ({ headers }: RecordedRequest): string => headers['webhook-id'] ?? ''
const lineOf = ({ url, text }: RecordedRequest): string =>
  `${url} ${JSON.parse(text).data.orderingKey}`

describe.each([1, 2, 3, 4, 5, 6])(
  'failures, deferrals, throttles and time-outs by chance (seed %i)',
  (seed) => {
    it('lose nothing, and keep rate, order and the bound on attempts together', async () => {
      const { requests, statistics } = await history(seed)
      const { pending, delivering, succeeded, failed, canceled } = statistics
      expect({ pending, delivering }).toEqual({ pending: 0, delivering: 0 })
      expect(succeeded + failed + canceled).toBe(events * urls.length)
      expect(failed + canceled).toBeGreaterThan(0)

      const attempts = [...groupedBy(requests, (each) => `${each.url} ${messageOf(each)}`).values()]
      expect(attempts).toHaveLength(events * urls.length)
      for (const { length } of attempts)
        expect(length).toBeLessThanOrEqual(maxAttempts + mostDeferrals)

      for (const [url, ofEndpoint] of groupedBy(requests, (each) => each.url)) {
        const starts = ofEndpoint.map(({ at }) => at)
        for (const [index, at] of starts.entries())
          expect([url, (starts[index + perSecond] ?? Number.POSITIVE_INFINITY) - at]).toSatisfy(
            ([, window]) => Number(window) >= 1_000,
          )
      }

      for (const [line, ofLine] of groupedBy(requests, lineOf)) {
        if (line.startsWith('https://unordered')) continue
        const order = ofLine.map((each) => Number(messageOf(each).slice(1)))
        expect([line, order]).toEqual([line, [...order].sort((a, b) => a - b)])
      }
    })
  },
)
