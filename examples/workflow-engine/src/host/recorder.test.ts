import { describe, expect, it } from 'vitest'
import type { LifecycleInput } from '../events'
import { idempotencyKeys } from './recorder'

const data = {
  runId: 'order-1',
  processId: 'order',
  nodeId: 'approve',
  nodeName: 'Approve the order',
  nodeType: 'bpmn:UserTask',
  at: '2026-01-31T12:00:00.000Z',
}
const pending: LifecycleInput = { type: 'node.pending', data }
const running: LifecycleInput = { type: 'node.running', data }

describe('idempotency keys', () => {
  it('are the same when a run is repeated', () => {
    const [first, second] = [idempotencyKeys(), idempotencyKeys()]
    expect([first(pending), first(running)]).toEqual([second(pending), second(running)])
  })

  it('do not depend on the order of parallel branches', () => {
    const [first, second] = [idempotencyKeys(), idempotencyKeys()]
    const other: LifecycleInput = {
      type: 'node.pending',
      data: { ...data, nodeId: 'reserveStock' },
    }
    expect([first(pending), first(other)]).toEqual([second(other), second(pending)].reverse())
  })

  it('differ by run, node, state and repetition', () => {
    const keyOf = idempotencyKeys()
    const keys = [
      keyOf(pending),
      keyOf(running),
      keyOf(pending),
      keyOf({ type: 'node.pending', data: { ...data, nodeId: 'reserveStock' } }),
      keyOf({ type: 'node.pending', data: { ...data, runId: 'order-2' } }),
    ]
    expect(new Set(keys).size).toBe(keys.length)
  })
})
