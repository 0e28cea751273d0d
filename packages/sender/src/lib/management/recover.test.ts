import { describe, expect, it } from 'vitest'
import { run, testSender, url } from '../test-sender'

describe('recover', () => {
  it('brings back what failed, once', async () => {
    const { clock, sender, transport } = testSender([500, 500, 200], {
      retry: { schedule: ['0s'] },
    })
    await sender.endpoints.create({ url })
    const since = new Date(clock.now())
    await sender.sendMany([run, run, run])
    await sender.deliverDue()
    expect(await sender.recover({ since, dryRun: true })).toEqual({
      examined: 3,
      recovered: 2,
      pruned: 0,
    })
    expect((await sender.statistics()).pending).toBe(0)
    expect(await sender.recover({ since })).toEqual({ examined: 3, recovered: 2, pruned: 0 })
    expect(await sender.recover({ since })).toEqual({ examined: 3, recovered: 0, pruned: 0 })
    await sender.deliverDue()
    expect(transport.requests).toHaveLength(5)
    expect((await sender.recover({ since })).recovered).toBe(0)
  })

  it('gives a new endpoint what it missed, if its subscription wants it', async () => {
    const { clock, sender, transport } = testSender()
    const since = new Date(clock.now())
    await sender.sendMany([
      run,
      { type: 'job.done', data: {} },
      { ...run, data: { runId: 'filtered' } },
    ])
    const { endpoint } = await sender.endpoints.create({
      url,
      eventTypes: ['run.*'],
      filter: { not: { path: 'runId', eq: 'filtered' } },
    })
    const progress: number[] = []
    const onProgress = (soFar: { recovered: number }) => progress.push(soFar.recovered)
    expect(
      await sender.recover({ endpointId: endpoint.id, since, only: 'missing', onProgress }),
    ).toMatchObject({ recovered: 1 })
    expect(progress).toEqual([1])
    await sender.deliverDue()
    expect(transport.requests).toHaveLength(1)
  })

  it('keeps to a rate', async () => {
    const { clock, sender, transport } = testSender()
    await sender.sendMany(Array.from({ length: 40 }, () => run))
    const { endpoint } = await sender.endpoints.create({ url })
    sender.start()
    const recovering = sender.recover({
      endpointId: endpoint.id,
      since: new Date(0),
      only: 'all',
      perSecond: 20,
    })
    await clock.advance('1s')
    expect(transport.requests.length).toBeGreaterThanOrEqual(15)
    expect(transport.requests.length).toBeLessThanOrEqual(25)
    await clock.advance('2s')
    expect(await recovering).toMatchObject({ recovered: 40 })
    await sender.stop()
  })

  it('ends with a stop, and can be repeated by another sender', async () => {
    const { clock, sender, store } = testSender()
    await sender.sendMany(Array.from({ length: 40 }, () => run))
    const { endpoint } = await sender.endpoints.create({ url })
    const plan = { endpointId: endpoint.id, since: new Date(0), only: 'missing' as const }
    const recovering = sender.recover({ ...plan, perSecond: 4 })
    const ended = expect(recovering).rejects.toMatchObject({ code: 'sender_stopped' })
    await clock.advance('2s')
    await sender.stop()
    await ended
    expect(clock.sleeping).toBe(0)
    expect(await store.log.statistics()).toMatchObject({ pending: 9 })
    const successor = testSender([], { store, clock })
    expect(await successor.sender.recover(plan)).toMatchObject({ examined: 40, recovered: 31 })
  })

  it('counts what was pruned, and does not send it empty', async () => {
    const { clock, sender, transport } = testSender([], { retention: { events: '1d' } })
    await sender.send(run)
    await clock.advance('2d')
    await sender.prune()
    await sender.send(run)
    await sender.endpoints.create({ url })
    expect(await sender.recover({ since: new Date(0), only: 'missing' })).toEqual({
      examined: 2,
      recovered: 1,
      pruned: 1,
    })
    await sender.deliverDue()
    expect(transport.requests).toHaveLength(1)
  })

  it('may run many at a time', async () => {
    const warnings: Error[] = []
    const note = (warning: Error) => warnings.push(warning)
    process.on('warning', note)
    const { clock, sender } = testSender()
    await sender.sendMany([run, run])
    const plan = { since: new Date(0), only: 'missing' as const, perSecond: 1 }
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await sender.endpoints.create({ url })).endpoint.id),
    )
    const recoveries = ids.map((endpointId) => sender.recover({ ...plan, endpointId }))
    await clock.advance('1s')
    expect((await Promise.all(recoveries)).map(({ recovered }) => recovered)).toEqual(
      ids.map(() => 2),
    )
    process.off('warning', note)
    expect(warnings).toEqual([])
  })

  it('waits for nobody after its last delivery', async () => {
    const { clock, sender } = testSender()
    await sender.send(run)
    const { endpoint } = await sender.endpoints.create({ url })
    const plan = { endpointId: endpoint.id, since: new Date(0), only: 'missing' as const }
    expect(await sender.recover({ ...plan, perSecond: 0.01 })).toMatchObject({ recovered: 1 })
    expect(clock.sleeping).toBe(0)
  })

  it('ends when its progress is not wanted', async () => {
    const { sender } = testSender()
    await sender.send(run)
    await sender.endpoints.create({ url })
    const onProgress = async () => {
      throw new RangeError('enough')
    }
    await expect(sender.recover({ since: new Date(0), onProgress })).rejects.toThrow('enough')
  })

  it('looks at one type, at one time, over more than one page', async () => {
    const { clock, sender } = testSender()
    await sender.sendMany(Array.from({ length: 450 }, () => run))
    await clock.advance('1h')
    const later = new Date(clock.now())
    await sender.sendMany([run, { type: 'job.done', data: {} }])
    await sender.endpoints.create({ url })
    const examined = async (plan: object) =>
      (await sender.recover({ since: new Date(0), only: 'missing', dryRun: true, ...plan }))
        .examined
    expect(await examined({})).toBe(452)
    expect(await examined({ until: later })).toBe(450)
    expect(await examined({ since: later })).toBe(2)
    expect(await examined({ types: ['job.done'] })).toBe(1)
    expect(await examined({ since: new Date(clock.now() + 5_000) })).toBe(0)
  })

  it('is refused for a disabled endpoint', async () => {
    const { sender } = testSender()
    const { endpoint } = await sender.endpoints.create({ url, enabled: false })
    await expect(
      sender.recover({ endpointId: endpoint.id, since: new Date(0) }),
    ).rejects.toMatchObject({ code: 'replay_refused' })
  })
})
