import { describe, expect, it } from 'vitest'
import type { ReceiveRequest } from '../request'
import { setUp, signed } from '../test-support'

describe('receive: where the body comes from', () => {
  const reading = async (body: ReceiveRequest['body']) => {
    const { receiver, lines } = setUp()
    const { headers } = await signed()
    return { result: await receiver.receive({ headers, body }), lines }
  }

  it.each([
    ['a string', '{}'],
    ['an object', {}],
    ['nothing', undefined],
    ['null', null],
    ['an array of numbers', [1, 2]],
  ])('%s is not raw: 500, and the log says what to do', async (_name, body) => {
    // @ts-expect-error: what JavaScript may pass all the same
    const { result, lines } = await reading(body)
    expect(result).toMatchObject({ status: 500, body: '{"code":"body_not_raw"}' })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ level: 'error' })
    expect(lines[0]?.message).toContain('as a Uint8Array')
  })

  it('a reader that gives no bytes is not raw either', async () => {
    // @ts-expect-error: what JavaScript may do all the same
    const { result } = await reading(() => ({ ok: true, bytes: 'text' }))
    expect(result).toMatchObject({ status: 500, body: '{"code":"body_not_raw"}' })
  })

  it('a reader may refuse, with a fix for the log', async () => {
    const { result, lines } = await reading(() => ({
      ok: false,
      code: 'body_not_raw',
      fix: 'Do this.',
    }))
    expect(result.status).toBe(500)
    expect(lines[0]?.message).toMatch(/ Do this\.$/)
  })

  it('a reader that fails is an aborted body', async () => {
    const { result } = await reading(async () => {
      throw new Error('socket hang up')
    })
    expect(result).toMatchObject({ status: 400, body: '{"code":"body_aborted"}' })
  })

  it('a reader that gives more than it was asked for is refused', async () => {
    const { result } = await reading((max) => ({ ok: true, bytes: new Uint8Array(max + 1) }))
    expect(result).toMatchObject({ status: 413, body: '{"code":"body_too_large"}' })
  })

  it('a Buffer is bytes', async () => {
    const { receiver } = setUp()
    receiver.on('run.completed', () => {})
    const { headers, body } = await signed()
    expect((await receiver.receive({ headers, body: Buffer.from(body) })).status).toBe(200)
  })
})
