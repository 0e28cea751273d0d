import { defineScheme, type Scheme } from '@posthorn/schema'

/** Lower-case hex of the body's HMAC, alone in a header. Covers neither id nor time. */
export function hexOfBody(name: string): Scheme {
  return defineScheme({
    name,
    headers: { signature: `x-${name}-signature` },
    signed: '{body}',
    layout: { kind: 'single' },
    encoding: 'hex',
    key: 'utf8',
  })
}
