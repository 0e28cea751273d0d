import { expect, it } from 'vitest'
import { bytes } from '../test-support'
import { signHeaders, verifySignature } from './api'

const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']
const body = bytes('{"test": 2432232314}')
const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body }

it('signs and verifies with the scheme it is given', async () => {
  // Read here, so that schemes which cannot be built fail a test and not merely the file.
  const { schemes } = await import('./standard')
  const headers = await signHeaders(schemes.svix, message, secrets)
  expect(headers).toEqual({
    'svix-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'svix-timestamp': '1614265330',
    'svix-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
  const options = { now: 1_614_265_330, tolerance: { past: 300, future: 300 } }
  expect(await verifySignature(schemes.svix, { headers, body }, secrets, options)).toMatchObject({
    ok: true,
  })
  expect(await verifySignature(schemes.standard, { headers, body }, secrets, options)).toEqual({
    ok: false,
    code: 'missing_header',
  })
})
