import { describe, expect, it } from 'vitest'
import { events, type LifecycleInput } from '../events'
import cancelled from './fixtures/cancelled.json'
import failing from './fixtures/failing.json'
import order from './fixtures/order.json'
import orderDeclined from './fixtures/order-declined.json'
import { type Run, toLifecycle } from './lifecycle'
import { type ProcessId, processes } from './processes'
import type { EngineSignal } from './signal'

function runOf(process: ProcessId, signals: readonly EngineSignal[]): Run {
  return { id: 'run-1', process: processes[process], startedAt: signals[0]?.at ?? '' }
}

function map(process: ProcessId, signals: readonly EngineSignal[]): readonly LifecycleInput[] {
  const run = runOf(process, signals)
  return signals.flatMap((signal) => toLifecycle(run, signal))
}

/** The states that each node and the run went through. */
function states(mapped: readonly LifecycleInput[]): Record<string, string> {
  const byNode = new Map<string, string[]>()
  for (const { type, data } of mapped) {
    const [family = '', state = ''] = type.split('.')
    const name = family === 'node' && 'nodeId' in data ? data.nodeId : family
    byNode.set(name, [...(byNode.get(name) ?? []), state])
  }
  return Object.fromEntries([...byNode].map(([name, list]) => [name, list.join(' ')]))
}

const done = 'pending running succeeded'

describe('the life of a recorded order', () => {
  it('has both branches, the timer, the approval and the branch that was not taken', () => {
    expect(states(map('order', order))).toEqual({
      run: 'started waiting completed',
      received: done,
      fork: done,
      reserveStock: done,
      payment: done,
      due: done,
      chargeCard: done,
      cardDeclined: 'pending running waiting skipped',
      charged: done,
      sendInvoice: 'skipped',
      invoiced: 'skipped',
      join: done,
      hold: 'pending running scheduled succeeded',
      approve: 'pending running waiting succeeded',
      speed: done,
      shipByCourier: 'skipped',
      couriered: 'skipped',
      shipByPost: done,
      posted: done,
    })
  })

  it('goes another way when the card is declined, and completes all the same', () => {
    expect(states(map('order', orderDeclined))).toMatchObject({
      run: 'started waiting completed',
      chargeCard: 'pending running failed',
      cardDeclined: 'pending running waiting succeeded',
      charged: 'skipped',
      sendInvoice: done,
      invoiced: done,
      shipByCourier: done,
      shipByPost: 'skipped',
    })
  })

  it('names the element of the diagram, not the definition inside it', () => {
    const scheduled = map('order', order).find(({ type }) => type === 'node.scheduled')
    expect(scheduled?.data).toMatchObject({
      nodeId: 'hold',
      nodeName: 'Hold the order',
      nodeType: 'bpmn:IntermediateCatchEvent',
    })
  })

  it('says when its timer fires', () => {
    const scheduled = map('order', order).find((event) => event.type === 'node.scheduled')
    const dueIn = scheduled && Date.parse(scheduled.data.dueAt) - Date.parse(scheduled.data.at)
    expect(dueIn).toBeGreaterThan(150)
    expect(dueIn).toBeLessThanOrEqual(200)
  })

  it('says what the run waits for', () => {
    const waiting = map('order', order).find(({ type }) => type === 'run.waiting')
    expect(waiting?.data).toMatchObject({ nodeId: 'approve', nodeName: 'Approve the order' })
  })

  it('says how long it took', () => {
    const completed = map('order', order).find((event) => event.type === 'run.completed')
    const took = Date.parse(order.at(-1)?.at ?? '') - Date.parse(order[0]?.at ?? '')
    expect(completed?.data.durationMs).toBe(took)
  })
})

describe('the life of a recorded run that fails', () => {
  it('ends at the node that failed', () => {
    expect(states(map('stockImport', failing))).toEqual({
      run: 'started failed',
      nightly: done,
      download: done,
      parse: 'pending running failed',
    })
  })

  it('says why, at the node and for the run', () => {
    const error = { message: 'The stock list has no header', code: 'BAD_STOCK_LIST' }
    const failures = map('stockImport', failing).filter(({ type }) => type.endsWith('.failed'))
    expect(failures.map(({ type, data }) => [type, 'error' in data && data.error])).toEqual([
      ['node.failed', error],
      ['run.failed', error],
    ])
  })
})

describe('the life of a recorded run that is cancelled', () => {
  it('ends while its node waits', () => {
    expect(states(map('refund', cancelled))).toEqual({
      run: 'started waiting cancelled',
      requested: done,
      approveRefund: 'pending running waiting',
    })
  })
})

describe('all that is mapped', () => {
  it.each([
    ['order', order],
    ['order', orderDeclined],
    ['stockImport', failing],
    ['refund', cancelled],
  ] as const)('follows the catalogue: %s', async (process, signals) => {
    for (const { type, data } of map(process, signals)) {
      expect(await events.validate(type, data)).toMatchObject({ ok: true })
    }
  })

  it('covers the catalogue', () => {
    const mapped = [
      ...map('order', order),
      ...map('order', orderDeclined),
      ...map('stockImport', failing),
      ...map('refund', cancelled),
    ]
    expect(new Set(mapped.map(({ type }) => type))).toEqual(new Set(events.types))
  })

  it('has a valid example for every type', async () => {
    for (const type of events.types) {
      const example = events.definition(type)?.example
      expect(await events.validate(type, example), type).toMatchObject({ ok: true })
    }
  })
})
