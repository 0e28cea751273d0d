import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { joined, leaveUnread, readNodeBody } from './read-node'

const stream = () => Object.assign(new PassThrough(), { headers: {} })
const read = (source: ReturnType<typeof stream>, max = 10) => readNodeBody(source, max, 'fix')

describe('readNodeBody', () => {
  it('joins the pieces', async () => {
    const source = stream()
    const reading = read(source)
    source.write(Buffer.from([1, 2]))
    source.write(Buffer.from([3]))
    source.end()
    expect(await reading).toEqual({ ok: true, bytes: Uint8Array.of(1, 2, 3) })
  })

  it('reads nothing', async () => {
    const source = stream()
    source.end()
    expect(await read(source)).toEqual({ ok: true, bytes: new Uint8Array() })
  })

  it.each([
    [10, true],
    [11, false],
  ])('has a limit: %i bytes of 10', async (length, ok) => {
    const source = stream()
    const reading = read(source)
    for (let sent = 0; sent < length; sent += 1) source.write(Buffer.of(0))
    if (ok) source.end()
    expect((await reading).ok).toBe(ok)
  })

  it('lets go of a body that is too long while it still comes', async () => {
    const source = stream()
    const reading = read(source)
    source.write(Buffer.alloc(11))
    expect(await reading).toEqual({ ok: false, code: 'body_too_large' })
    expect(source.listenerCount('data')).toBe(0)
    expect(source.listenerCount('end')).toBe(0)
    expect(() => source.emit('error', new Error('late'))).not.toThrow()
  })

  it.each(['error', 'close'])('is aborted by %s', async (event) => {
    const source = stream()
    const reading = read(source)
    source.write(Buffer.of(1))
    source.emit(event, new Error('reset'))
    expect(await reading).toEqual({ ok: false, code: 'body_aborted' })
  })

  it('is aborted before it began', async () => {
    const source = stream()
    source.destroy()
    await once(source, 'close')
    expect(await read(source)).toEqual({ ok: false, code: 'body_aborted' })
  })

  it('is not raw once somebody read it, or decodes it', async () => {
    const gone = stream()
    gone.end('x')
    for await (const _ of gone);
    expect(await read(gone)).toEqual({ ok: false, code: 'body_not_raw', fix: 'fix' })
    const partly = stream()
    partly.write('abc')
    partly.read()
    expect(await read(partly)).toEqual({ ok: false, code: 'body_not_raw', fix: 'fix' })
    const text = stream()
    text.setEncoding('utf8')
    const reading = read(text)
    text.write('x')
    expect(await reading).toEqual({ ok: false, code: 'body_not_raw', fix: 'fix' })
  })

  it('goes by readableEnded where there is no more', async () => {
    const request = { headers: {}, readableEnded: true, on: vi.fn(), off: vi.fn(), resume: vi.fn() }
    expect(await readNodeBody(request, 10, 'fix')).toMatchObject({ code: 'body_not_raw' })
  })
})

describe('joined', () => {
  it('does not copy a single piece', () => {
    const piece = Uint8Array.of(1)
    expect(joined([piece], 1)).toBe(piece)
  })
})

describe('leaveUnread', () => {
  const request = (more: object) => ({
    headers: {},
    on: vi.fn(),
    off: vi.fn(),
    resume: vi.fn(),
    ...more,
  })

  it('keeps the connection of a request that was read', () => {
    const whole = request({ complete: true })
    expect(leaveUnread(whole)).toEqual({})
    expect(whole.resume).not.toHaveBeenCalled()
  })

  it('closes one that was not, and throws the rest away', () => {
    const cut = request({ complete: false, httpVersionMajor: 1 })
    expect(leaveUnread(cut)).toEqual({ connection: 'close' })
    expect(cut.resume).toHaveBeenCalledTimes(1)
  })

  it('has no such header for HTTP/2', () => {
    const cut = request({ complete: false, httpVersionMajor: 2 })
    expect(leaveUnread(cut)).toEqual({})
    expect(cut.resume).toHaveBeenCalledTimes(1)
  })
})
