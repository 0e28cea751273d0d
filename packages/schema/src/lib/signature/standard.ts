import { isMessageId } from '../names'
import { buildScheme, isTimestampText, maxSignatures, type Reading } from './engine'
import { headerFinder, malformed, missing, plain } from './headers'
import { remember, standardKey } from './keys'
import { isWellFormedEntry, readList, writeList } from './list'
import type { HeaderBag, Scheme, VerifyFailure } from './scheme'

/** Standard Webhooks under header names of the given brand. */
function standardScheme(name: string, brand: string): Scheme {
  const idName = `${brand}-id`
  const timestampName = `${brand}-timestamp`
  const signatureName = `${brand}-signature`

  const find = headerFinder([idName, timestampName, signatureName])

  function read(headers: HeaderBag): Reading | VerifyFailure {
    const [first, second, signature = missing] = find(headers)
    const id = plain(first)
    const timestamp = plain(second)
    if (typeof id !== 'string') return id
    if (typeof timestamp !== 'string') return timestamp
    if (typeof signature !== 'string') return signature
    if (!isMessageId(id) || !isTimestampText(timestamp)) return malformed
    const signatures = readList(signature)
    return 'ok' in signatures ? signatures : { id, timestamp, signatures }
  }

  return buildScheme({
    name,
    covers: { id: true, time: true },
    headers: [idName, timestampName, signatureName],
    room: maxSignatures,
    key: remember(standardKey),
    prefix: (id, timestamp) => `${id}.${timestamp}.`,
    read,
    isWellFormed: isWellFormedEntry,
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
export const schemes: { readonly standard: Scheme; readonly svix: Scheme } =
  /* @__PURE__ */ Object.freeze({
    standard: /* @__PURE__ */ standardScheme('standard', 'webhook'),
    svix: /* @__PURE__ */ standardScheme('svix', 'svix'),
  })
