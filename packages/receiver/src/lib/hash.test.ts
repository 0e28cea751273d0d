import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { sha256, webSha256 } from './hash'

const bodies = [new Uint8Array(), Uint8Array.of(0), Uint8Array.of(0xff, 0xfe, 10), Buffer.from('é')]

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

describe('sha256', () => {
  it.each(bodies)('is the same by Node and by WebCrypto: %j', async (bytes) => {
    const wanted = createHash('sha256').update(bytes).digest('hex')
    expect(sha256(bytes)).toBe(wanted)
    expect(await webSha256(bytes)).toBe(wanted)
  })

  it('is of the bytes of a view, not of the buffer beneath', async () => {
    const view = Uint8Array.of(1, 2, 3, 4).subarray(1, 3)
    const wanted = createHash('sha256').update(Uint8Array.of(2, 3)).digest('hex')
    expect(sha256(view)).toBe(wanted)
    expect(await webSha256(view)).toBe(wanted)
  })

  it.each([undefined, {}, { getBuiltinModule: () => undefined }])(
    'falls back to WebCrypto where there is no Node: %j',
    async (process) => {
      vi.stubGlobal('process', process)
      const fresh: typeof import('./hash') = await import('./hash')
      const digest = fresh.sha256(Uint8Array.of(1))
      expect(digest).toBeInstanceOf(Promise)
      expect(await digest).toBe(createHash('sha256').update(Uint8Array.of(1)).digest('hex'))
    },
  )
})
