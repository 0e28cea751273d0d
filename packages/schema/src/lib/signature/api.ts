import type { Scheme, SignedMessage, VerifyOptions, VerifyRequest, VerifyResult } from './scheme'

/**
 * The headers that sign a message with every secret.
 *
 * @throws WebhookError `invalid_argument`, `invalid_secret`, `too_many_secrets` or `body_not_raw`
 * @example
 * const headers = await signHeaders(schemes.standard, { id, timestamp, body }, [secret])
 */
export function signHeaders(
  scheme: Scheme,
  message: SignedMessage,
  secrets: readonly string[],
): Promise<Record<string, string>> {
  return scheme.sign(message, secrets)
}

/**
 * Checks a request against every secret. Resolves for anything a peer can send; rejects only for a caller's mistake.
 *
 * @throws WebhookError `invalid_secret`, `invalid_argument`, or `body_not_raw`
 * @example
 * const now = Math.floor(Date.now() / 1000)
 * const tolerance = { past: 300, future: 300 }
 * const result = await verifySignature(schemes.standard, { headers, body }, secrets, { now, tolerance })
 */
export function verifySignature(
  scheme: Scheme,
  request: VerifyRequest,
  secrets: readonly string[],
  options: VerifyOptions,
): Promise<VerifyResult> {
  return scheme.verify(request, secrets, options)
}
