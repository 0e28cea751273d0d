/** How signatures stand in the header. */
export type SchemeLayout =
  /** One signature, behind a prefix if there is one: `sha256=<signature>`. */
  | { readonly kind: 'single'; readonly prefix?: string }
  /** Stripe: `t=<timestamp>,v1=<signature>,v1=<signature>`. */
  | { readonly kind: 'fields'; readonly signature: string; readonly timestamp?: string }

/** What `defineScheme` takes. */
export interface SchemeOptions {
  /** What endpoints refer to and stores keep. */
  readonly name: string
  /** Lower-case header names. `id` and `timestamp` only if they are signed and have a header of their own. */
  readonly headers: {
    readonly signature: string
    readonly timestamp?: string
    readonly id?: string
  }
  /** With `{id}` and `{timestamp}` where they are signed, and `{body}` last: `'{timestamp}.{body}'`. */
  readonly signed: `${string}{body}`
  readonly layout: SchemeLayout
  /** Of the signature: lower-case hex, or padded base64. */
  readonly encoding: 'hex' | 'base64'
  /** `utf8`: the whole text is the key. `base64`: as in Standard Webhooks, `whsec_` optional, 24–64 bytes. */
  readonly key: 'utf8' | 'base64'
}

export interface ResolvedOptions extends SchemeOptions {
  readonly covers: { readonly id: boolean; readonly time: boolean }
}

const headerName = /^[a-z0-9][a-z0-9-]{0,63}$/
const nameForm = /^[a-z0-9][a-z0-9_-]{0,63}$/
const labelForm = /^[a-z0-9]{1,16}$/
const prefixForm = /^[\x21-\x2b\x2d-\x7e]{1,32}$/

/** Checks everything that would otherwise show as a signature that never matches. */
export function checkSchemeOptions(options: SchemeOptions): ResolvedOptions {
  const { name, headers, signed, layout, encoding, key } = options
  const need = demand(name)
  need(nameForm.test(name), 'name must be lower-case letters, digits, "_" and "-"')
  const names = Object.values(headers).filter((header) => header !== undefined)
  for (const header of names) need(headerName.test(header), 'header names must be lower-case')
  need(new Set(names).size === names.length, 'each header needs a name of its own')
  need(headers.signature !== undefined, 'headers.signature is required')
  need(encoding === 'hex' || encoding === 'base64', "encoding must be 'hex' or 'base64'")
  need(key === 'utf8' || key === 'base64', "key must be 'utf8' or 'base64'")
  need(
    /^(?:[^{}]|\{id\}|\{timestamp\})*\{body\}$/.test(signed),
    'signed must end with {body} and may hold {id} and {timestamp}',
  )
  checkLayout(layout, need)
  const covers = { id: signed.includes('{id}'), time: signed.includes('{timestamp}') }
  const inFields = layout.kind === 'fields' && layout.timestamp !== undefined
  const places = Number(inFields) + Number(headers.timestamp !== undefined)
  need(
    places === Number(covers.time),
    'a signed {timestamp} needs exactly one place, an unsigned one none',
  )
  need((headers.id !== undefined) === covers.id, 'headers.id and a signed {id} need each other')
  return { name, headers: { ...headers }, signed, layout: { ...layout }, encoding, key, covers }
}

type Need = (holds: boolean, problem: string) => void

function demand(name: string): Need {
  return (holds, problem) => {
    if (!holds) throw new TypeError(`defineScheme(${JSON.stringify(name)}): ${problem}`)
  }
}

/** Whether a text that may be absent has its form. Absent, it stands for a word that has every form. */
function fits(form: RegExp, text = 'absent'): boolean {
  return form.test(text)
}

function checkLayout(layout: SchemeLayout, need: Need): void {
  if (layout.kind === 'single') {
    const { prefix } = layout
    need(
      fits(prefixForm, prefix),
      'layout.prefix must be 1 to 32 visible ASCII characters without a comma',
    )
    return
  }
  need(layout.kind === 'fields', "layout.kind must be 'single' or 'fields'")
  const { signature, timestamp } = layout
  need(labelForm.test(signature), 'layout.signature must be like v1')
  need(fits(labelForm, timestamp), 'layout.timestamp must be like t')
  need(timestamp !== signature, 'layout.timestamp and layout.signature must differ')
}
