import { describe, expect, it, vi } from 'vitest'
import { type NetworkOptions, resolveNetworkPolicy } from '../policy'
import { ConnectFailure } from './failure'
import { fakeTimers } from './fake-timers'
import { createVet } from './vet'

function setUp(options: NetworkOptions) {
  const timers = fakeTimers()
  return { timers, vet: createVet(resolveNetworkPolicy(options), timers) }
}

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => (error instanceof ConnectFailure ? error.failure : error),
  )

describe('vet', () => {
  it('judges a literal without a lookup', async () => {
    const { vet } = setUp({ lookup: () => Promise.reject(new Error('asked')) })
    expect(await vet('8.8.8.8')).toEqual(['8.8.8.8'])
    expect(await failureOf(vet('127.0.0.1'))).toMatchObject({
      errorClass: 'forbidden_address',
      code: 'unreachable',
    })
    expect(await failureOf(vet('::1'))).toMatchObject({ errorClass: 'forbidden_address' })
  })

  it.each([
    [['1.1.1.1', '10.0.0.1']],
    [['10.0.0.1', '1.1.1.1']],
    [['1.1.1.1', '2606:4700:4700::1111', 'fe80::1%eth0']],
  ])('one bad address refuses all: %j', async (addresses) => {
    const { vet } = setUp({ lookup: async () => addresses })
    const failure = await failureOf(vet('mixed.example'))
    expect(failure).toMatchObject({
      errorClass: 'forbidden_address',
      detail: expect.stringContaining('mixed.example'),
    })
    expect(JSON.stringify(failure, ['code', 'message', 'errorClass'])).not.toMatch(
      /10\.0|fe80|mixed/,
    )
  })

  it('asks once for a name that many wait for, and again afterwards', async () => {
    let asked = 0
    const { vet } = setUp({
      lookup: async () => {
        asked++
        return ['1.1.1.1']
      },
    })
    await Promise.all([vet('a.example'), vet('a.example'), vet('b.example')])
    expect(asked).toBe(2)
    await vet('a.example')
    expect(asked).toBe(3)
  })

  it('gives each its own time, and leaves no timer', async () => {
    const { vet, timers } = setUp({ lookup: () => new Promise(() => {}), dnsTimeout: '100ms' })
    const first = failureOf(vet('slow.example'))
    await timers.advance(60)
    const second = failureOf(vet('slow.example'))
    await timers.advance(50)
    expect(await first).toMatchObject({ errorClass: 'dns', code: 'dns_timeout' })
    expect(timers.set).toBe(1)
    await timers.advance(60)
    expect(await second).toMatchObject({ errorClass: 'dns', code: 'dns_timeout' })
    const quick = setUp({ lookup: async () => ['1.1.1.1'] })
    await quick.vet('a.example')
    await Promise.resolve()
    expect(quick.timers.set).toBe(0)
  })

  it('asks anew for a name whose lookup never ends', async () => {
    const answers = [new Promise<string[]>(() => {}), Promise.resolve(['1.1.1.1'])]
    let asked = 0
    const { vet, timers } = setUp({
      lookup: () => answers[asked++] ?? Promise.resolve([]),
      dnsTimeout: '100ms',
    })
    const first = failureOf(vet('stuck.example'))
    await timers.advance(99)
    const second = failureOf(vet('stuck.example'))
    expect(asked).toBe(1)
    await timers.advance(1)
    expect(await first).toMatchObject({ code: 'dns_timeout' })
    expect(await vet('stuck.example')).toEqual(['1.1.1.1'])
    await timers.advance(99)
    expect(await second).toMatchObject({ code: 'dns_timeout' })
    expect(asked).toBe(2)
  })

  it('an answer that comes late does not end the lookup that took its place', async () => {
    let end = (_: string[]) => {}
    const late = new Promise<string[]>((resolve) => {
      end = resolve
    })
    let asked = 0
    const lookup = () => (asked++ === 0 ? late : new Promise<string[]>(() => {}))
    const { vet, timers } = setUp({ lookup, dnsTimeout: '100ms' })
    const failures = [failureOf(vet('slow.example'))]
    await timers.advance(100)
    failures.push(failureOf(vet('slow.example')))
    end(['1.1.1.1'])
    await timers.advance(1)
    failures.push(failureOf(vet('slow.example')))
    expect(asked).toBe(2)
    await timers.advance(100)
    for (const failure of failures) expect(await failure).toMatchObject({ code: 'dns_timeout' })
  })

  it('finds a known name by the system while others never answer, which end in time', async () => {
    vi.stubEnv('UV_THREADPOOL_SIZE', '4')
    const timers = fakeTimers()
    const asked: string[] = []
    const vet = createVet(resolveNetworkPolicy({ dnsTimeout: '100ms' }), timers, (name) => {
      asked.push(name)
      return name === 'good.example' ? Promise.resolve(['1.1.1.1']) : new Promise(() => {})
    })
    vi.unstubAllEnvs()
    await vet('good.example')
    const dead = [1, 2, 3, 4, 5].map((each) => failureOf(vet(`dead${each}.example`)))
    expect(await vet('good.example')).toEqual(['1.1.1.1'])
    await timers.advance(101)
    for (const failure of dead)
      expect(await failure).toMatchObject({ code: 'dns_timeout', blame: 'sender' })
    expect(asked).toEqual(['good.example', 'dead1.example', 'good.example'])
    expect(timers.set).toBe(0)
  })

  it.each<[string, unknown, string]>([
    ['ENOTFOUND', Object.assign(new Error('x'), { code: 'ENOTFOUND' }), 'ENOTFOUND'],
    [
      'a secret in the code',
      Object.assign(new Error('x'), { code: 'http://user:pw@h' }),
      'not_resolved',
    ],
    ['no error at all', undefined, 'not_resolved'],
  ])('a rejection with %s', async (_what, error, code) => {
    const { vet } = setUp({ lookup: () => Promise.reject(error) })
    expect(await failureOf(vet('a.example'))).toMatchObject({ errorClass: 'dns', code })
  })
})
