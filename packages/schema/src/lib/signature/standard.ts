import { isMessageId } from '../names'
import { buildScheme, isTimestampText, maxSignatures, type Reading } from './engine'
import { malformed, readHeader, readPlainHeader } from './headers'
import { remember, standardKey } from './keys'
import { readList, writeList } from './list'
import type { HeaderBag, Scheme, VerifyFailure } from './scheme'

const lengths = new Map([
  ['v1', 32],
  ['v1a', 64],
])

/** Standard Webhooks under header names of the given brand. */
function standardScheme(name: string, brand: string): Scheme {
  const idName = `${brand}-id`
  const timestampName = `${brand}-timestamp`
  const signatureName = `${brand}-signature`

  function read(headers: HeaderBag): Reading | VerifyFailure {
    const id = readPlainHeader(headers, idName)
    if (typeof id !== 'string') return id
    const timestamp = readPlainHeader(headers, timestampName)
    if (typeof timestamp !== 'string') return timestamp
    const signature = readHeader(headers, signatureName)
    if (typeof signature !== 'string') return signature
    if (!isMessageId(id) || !isTimestampText(timestamp)) return malformed
    const candidates = readList(signature, lengths)
    return 'ok' in candidates ? candidates : { id, timestamp, candidates }
  }

  return buildScheme({
    name,
    covers: { id: true, time: true },
    headers: [idName, timestampName, signatureName],
    room: maxSignatures,
    key: remember(standardKey),
    prefix: (id, timestamp) => `${id}.${timestamp}.`,
    read,
    write: ({ id, timestamp }, signatures) => ({
      [idName]: id,
      [timestampName]: String(timestamp),
      [signatureName]: writeList(signatures),
    }),
  })
}

/**
 * The built-in schemes. `standard` is Standard Webhooks (https://www.standardwebhooks.com), `v1` and `v1a`; `svix` is
 * the same under `svix-*` header names. Both cover id and time.
 */
export const schemes: { readonly standard: Scheme; readonly svix: Scheme } = Object.freeze({
  standard: standardScheme('standard', 'webhook'),
  svix: standardScheme('svix', 'svix'),
})
