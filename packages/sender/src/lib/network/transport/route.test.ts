import { describe, expect, it } from 'vitest'
import { resolveNetworkPolicy } from '../policy'
import { createRoutes } from './route'

const routes = createRoutes(resolveNetworkPolicy({ allowHttp: true }))

describe('createRoutes', () => {
  it.each([
    ['https://Example.com/a?b=1#c', ['https://example.com', 'example.com', 443, '/a?b=1']],
    ['http://example.com.:8080', ['http://example.com.:8080', 'example.com', 8080, '/']],
    ['http://0x08.0x08.2056/', ['http://8.8.8.8', '8.8.8.8', 80, '/']],
    ['https://[2606:4700::1111]/x', ['https://[2606:4700::1111]', '2606:4700::1111', 443, '/x']],
  ])('%s', (url, [origin, hostname, port, path]) => {
    const secure = url.startsWith('https')
    const target = { key: origin, origin, hostname, port, secure }
    expect(routes(url)).toEqual({ kind: 'open', path, target })
  })

  it('refuses with the class that fits, and the truth in the detail', () => {
    expect(routes('http://127.0.0.1/')).toMatchObject({
      failure: {
        errorClass: 'forbidden_address',
        code: 'unreachable',
        detail: expect.stringContaining('127.0.0.0/8'),
      },
    })
    expect(routes('ftp://example.com/')).toMatchObject({
      failure: { errorClass: 'config', code: 'invalid_url' },
    })
  })

  it('judges a URL once, and forgets the oldest of many', () => {
    const first = routes('https://first.example/')
    expect(routes('https://first.example/')).toBe(first)
    for (let each = 0; each < 1000; each++) routes(`https://h${each}.example/`)
    expect(routes('https://h999.example/')).toBe(routes('https://h999.example/'))
    expect(routes('https://first.example/')).not.toBe(first)
  })
})
