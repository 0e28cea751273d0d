import { describe, expect, it } from 'vitest'
import { createHints } from './hints'

/** Hints whose time passes when the test says so. */
function hints(outcome: () => Promise<unknown> = async () => {}) {
  let sent = 0
  let pass = () => {}
  const sleep = () =>
    new Promise<void>((resolve) => {
      pass = resolve
    })
  const hint = createHints(() => {
    sent += 1
    return outcome()
  }, sleep)
  const settle = async () => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
  }
  return {
    hint,
    sent: () => sent,
    async pass() {
      await settle()
      pass()
      await settle()
    },
  }
}

describe('hints', () => {
  it('go out at once', () => {
    const { hint, sent } = hints()
    hint()
    expect(sent()).toBe(1)
  })

  it('are one for all that comes within the pause', async () => {
    const { hint, sent, pass } = hints()
    for (let count = 0; count < 100; count += 1) hint()
    expect(sent()).toBe(1)
    await pass()
    expect(sent()).toBe(2)
    await pass()
    expect(sent()).toBe(2)
    hint()
    expect(sent()).toBe(3)
  })

  it('go on after one that failed', async () => {
    const { hint, sent, pass } = hints(() => Promise.reject(new Error('down')))
    hint()
    await pass()
    hint()
    expect(sent()).toBe(2)
  })
})
