import { Buffer } from 'node:buffer'
import type { AttemptRequest } from '../../ports/transport'

/** What the client credentials grant (RFC 6749, 4.4) is asked with. */
export interface TokenGrant {
  readonly tokenUrl: string
  readonly clientId: string
  readonly scope?: string
  readonly audience?: string
  readonly userAgent?: string
}

const mostAnswerBytes = 65_536

/** The client names itself by HTTP Basic, which every token server must know (RFC 6749, 2.3.1). */
export function tokenRequest(
  { tokenUrl, clientId, scope, audience, userAgent }: TokenGrant,
  clientSecret: string,
  timeoutMs: number,
): AttemptRequest {
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  if (scope !== undefined) form.set('scope', scope)
  if (audience !== undefined) form.set('audience', audience)
  return {
    url: tokenUrl,
    headers: {
      authorization: basic(formEncoded(clientId), formEncoded(clientSecret)),
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
    },
    body: Buffer.from(form.toString()),
    timeoutMs,
    captureBytes: mostAnswerBytes,
  }
}

/** RFC 7617. */
export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}
