import { describe, expect, it } from 'vitest'
import { testSender, url } from '../test-sender'
import type { EndpointInput } from './endpoint-input'

const oauth2 = {
  type: 'oauth2',
  tokenUrl: 'https://auth.example.com/token',
  clientId: 'c',
  clientSecret: 's',
}

describe('an authorization', () => {
  it.each<[string, unknown, string]>([
    ['no object', 'Bearer t', 'authorization'],
    ['of no kind', {}, 'authorization.type'],
    ['of another kind', { type: 'digest' }, 'authorization.type'],
    ['with a field too many', { type: 'bearer', token: 't', scheme: 'x' }, 'scheme'],
    ['a token with CR LF', { type: 'bearer', token: 'a\r\nb: c' }, 'authorization.token'],
    ['a token with a space', { type: 'bearer', token: 'a b' }, 'authorization.token'],
    ['an empty token', { type: 'bearer', token: '' }, 'authorization.token'],
    ['no token', { type: 'bearer' }, 'authorization.token'],
    [
      'a colon in its user',
      { type: 'basic', username: 'a:b', password: 'p' },
      'authorization.username',
    ],
    [
      'a NUL in its password',
      { type: 'basic', username: 'a', password: '\0' },
      'authorization.password',
    ],
    ['an empty client', { ...oauth2, clientId: '' }, 'authorization.clientId'],
    ['a secret of a newline', { ...oauth2, clientSecret: '\n' }, 'authorization.clientSecret'],
    ['scopes in a list', { ...oauth2, scope: ['a'] }, 'authorization.scope'],
    ['scopes two spaces apart', { ...oauth2, scope: 'a  b' }, 'authorization.scope'],
    ['an audience of a number', { ...oauth2, audience: 5 }, 'authorization.audience'],
  ])('is refused when it is %s', async (_what, authorization, field) => {
    const { sender } = testSender()
    const input = { url, authorization } as EndpointInput
    const refusal = { code: 'invalid_endpoint', details: { field } }
    await expect(sender.endpoints.create(input)).rejects.toMatchObject(refusal)
    const { endpoint } = await sender.endpoints.create({ url })
    await expect(sender.endpoints.update(endpoint.id, input)).rejects.toMatchObject(refusal)
  })

  it('lies sealed in the store, and is shown without its secret', async () => {
    const { sender, store } = testSender()
    const secrets = [
      { type: 'bearer', token: 'SECRET' },
      { type: 'basic', username: 'u', password: 'SECRET' },
      { ...oauth2, clientSecret: 'SECRET', scope: 'a b' },
    ]
    const views: unknown[] = []
    for (const authorization of secrets) {
      const { endpoint } = await sender.endpoints.create({ url, authorization } as EndpointInput)
      views.push(endpoint.authorization)
      const record = await store.endpoints.get('default', endpoint.id)
      expect(JSON.stringify(record?.authorization)).toContain('"v0:plain:SECRET"')
    }
    const { clientSecret: _secret, ...grant } = oauth2
    expect(views).toEqual([
      { type: 'bearer' },
      { type: 'basic', username: 'u' },
      { ...grant, scope: 'a b' },
    ])
  })
})
