import { type Envelope, envelopes } from '@posthorn/schema'
import { type Scheme, schemes } from '@posthorn/schema/signature'
import { checkKeys, methods } from './check-options'
import type { SigningOptions } from './options'

export interface ResolvedSigning {
  readonly schemes: ReadonlyMap<string, Scheme>
  readonly defaultSchemes: readonly string[]
  readonly envelopes: ReadonlyMap<string, Envelope>
  readonly defaultEnvelope: string
}

export function resolveSigning(options: SigningOptions): ResolvedSigning {
  checkKeys('signing', options, ['schemes', 'available', 'envelope', 'envelopes'])
  const defaults = checkAll('schemes', options.schemes ?? [schemes.standard], [
    'sign',
    'checkSecret',
  ])
  if (defaults.length === 0) throw new TypeError('signing.schemes must name at least one scheme')
  const available = checkAll('available', options.available ?? [], ['sign', 'checkSecret'])
  const further = checkAll('envelopes', options.envelopes ?? [], ['encode'])
  const known = byName([...Object.values(envelopes), ...further])
  const defaultEnvelope = options.envelope ?? 'standard'
  if (!known.has(defaultEnvelope)) {
    throw new TypeError(
      `signing.envelope "${defaultEnvelope}" is unknown: give it in signing.envelopes`,
    )
  }
  return Object.freeze({
    schemes: byName([...Object.values(schemes), ...available, ...defaults]),
    defaultSchemes: defaults.map((scheme) => scheme.name),
    envelopes: known,
    defaultEnvelope,
  })
}

function byName<Item extends { readonly name: string }>(
  items: readonly Item[],
): ReadonlyMap<string, Item> {
  return new Map(items.map((item) => [item.name, item]))
}

function checkAll<Item extends object>(
  option: 'schemes' | 'available' | 'envelopes',
  items: readonly Item[],
  needed: readonly (keyof Item & string)[],
): readonly Item[] {
  const name = `signing.${option}`
  if (!Array.isArray(items)) throw new TypeError(`${name} must be an array`)
  return Array.from(items, (item: Item, index) => methods(item, `${name}[${index}]`, needed))
}
