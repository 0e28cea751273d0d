import type { Params } from '../request'

const none: Params = Object.freeze({})

/** Route parameters that are text; routers also have lists (Express 5's wildcards). */
export function stringParams(params: unknown): Params {
  if (typeof params !== 'object' || params === null) return none
  const texts = Object.entries(params).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return texts.length === 0 ? none : Object.fromEntries(texts)
}
