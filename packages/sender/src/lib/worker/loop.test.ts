import { describe, expect, it } from 'vitest'
import { run, testSender, url } from '../test-sender'

/** A started worker whose endpoint answers after 100 ms, and what it asks its store. */
async function started(mostAtOnce: number) {
  const testing = testSender()
  const { clock, sender, store, transport } = testing
  const { send } = transport
  transport.send = async (request) => {
    await clock.sleep(100)
    return send(request)
  }
  const { claim, nextDueIn } = store.deliveries
  const asked: string[] = []
  store.deliveries.claim = async (request) => {
    const answer = await claim({ ...request, limit: Math.min(mostAtOnce, request.limit) })
    asked.push(`claimed ${answer.deliveries.length}`)
    return answer
  }
  store.deliveries.nextDueIn = () => {
    asked.push('next')
    return nextDueIn()
  }
  // What is sent is found by claims alone.
  delete store.deliveries.insertAndClaim
  await sender.endpoints.create({ url })
  sender.start()
  await clock.advance(0)
  asked.length = 0
  return { ...testing, asked }
}

describe('the loop of a started worker', () => {
  it('does not claim again where one claim got all that is due', async () => {
    const { clock, sender, asked } = await started(10)
    await sender.send(run)
    await clock.advance(99)
    expect(asked).toEqual(['claimed 1', 'next'])
    await clock.advance(1)
    expect(asked.slice(2)).toEqual(['claimed 0', 'next'])
    await sender.stop()
  })

  it('claims again at once while the store says that more is due', async () => {
    const { clock, sender, asked } = await started(1)
    await sender.sendMany([run, run])
    await clock.advance(99)
    expect(asked).toEqual(['claimed 1', 'next', 'claimed 1', 'next'])
    await clock.advance(1)
    await sender.stop()
  })

  it('does not ask whether more is due when the claim said so', async () => {
    const { clock, sender, store, asked } = await started(1)
    const { claim } = store.deliveries
    store.deliveries.claim = async (request) => {
      const answer = await claim(request)
      return asked.length < 3 ? { next: { dueIn: 0 }, ...answer } : answer
    }
    await sender.sendMany([run, run, run])
    await clock.advance(99)
    expect(asked).toEqual(['claimed 1', 'claimed 1', 'claimed 1', 'next'])
    await clock.advance(1)
    await sender.stop()
  })

  it('does not ask what a claim in vain answered already', async () => {
    const { clock, sender, store, transport, asked } = await started(10)
    const { claim, nextDueIn } = store.deliveries
    store.deliveries.claim = async (request) => {
      const answer = await claim(request)
      if (answer.deliveries.length > 0) return answer
      return { next: { dueIn: answer.now < 500 ? 500 - answer.now : undefined }, ...answer }
    }
    store.deliveries.nextDueIn = nextDueIn
    await sender.send(run)
    await clock.advance(100)
    expect(asked).toEqual(['claimed 1', 'next', 'claimed 0'])
    await sender.send(run)
    await clock.advance('10s')
    expect(transport.requests).toHaveLength(2)
    await sender.stop()
  })

  it('looks for events to match when it is told or a poll is due, and not for each slot that comes free', async () => {
    const { clock, sender, store, transport, asked } = await started(1)
    const { claimEvents } = store.deliveries
    store.deliveries.claimEvents = (request) => {
      asked.push('events')
      return claimEvents(request)
    }
    for (let sent = 0; sent < 90; sent += 1) {
      await sender.send(run)
      await clock.advance(1)
    }
    asked.length = 0
    store.host.enqueue([await sender.prepare(run)])
    // Ninety attempts end, one by one, in the tenth of a second that follows; the event is found by a poll.
    await clock.advance(95)
    expect(asked).toContain('claimed 0')
    expect(asked).not.toContain('events')
    await clock.advance('1s')
    expect(asked.filter((what) => what === 'events').length).toBeLessThan(5)
    await clock.advance('1s')
    expect(transport.requests).toHaveLength(91)
    await sender.stop()
  })
})
