import { bytes } from '../test-support'
import type { HeaderBag, VerifyOptions, VerifyResult } from './scheme'
import { schemes } from './standard'

// The published message of Standard Webhooks, whole and in parts, for the tests.
export const tolerance = { past: 300, future: 300 }
export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
export const other = 'whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc='
export const signing =
  'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=='
export const seedOnly = 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc='
export const verifying = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4='
export const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
export const timestamp = 1_614_265_330
export const body = bytes('{"test": 2432232314}')
export const message = { id, timestamp, body }
export const right = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
export const wrong = 'v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc='
export const accepted = { ok: true, id, timestamp, secretIndex: 0 }

export function verify(
  headers: HeaderBag,
  options: Partial<VerifyOptions> & { secrets?: readonly string[] } = {},
): Promise<VerifyResult> {
  const { secrets = [secret], now = timestamp } = options
  const verifyOptions = { now, tolerance: options.tolerance ?? tolerance }
  return schemes.standard.verify({ headers, body }, secrets, verifyOptions)
}

export function signedBy(signature: string): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signature,
  }
}
