import type { HeaderBag } from '@posthorn/schema'
import { headerFinder } from '../signature/headers'

/** What a receiver's `type` option is given. */
export interface TypedRequest {
  readonly headers: HeaderBag
}

/** The one value of a header; empty when it is absent or doubled, which no event type is. */
export function headerReader(name: string): (request: TypedRequest) => string {
  const find = headerFinder([name])
  return ({ headers }) => {
    const [value] = find(headers)
    return typeof value === 'string' ? value : ''
  }
}
