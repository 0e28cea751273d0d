import type { Page } from '../ports/endpoint-store'
import { invalid } from './arguments'

export type { Page }

/** Which part of a list. A page with a `cursor` has a next one. */
export interface PageQuery {
  /** Items on a page, 1 to 500. Default 50. */
  readonly limit?: number
  /** `cursor` of the page before. */
  readonly cursor?: string
}

export const pageFields = ['limit', 'cursor'] satisfies (keyof PageQuery)[]

export function pageOf(query: PageQuery): { readonly limit: number; readonly cursor?: string } {
  const limit = query.limit ?? 50
  if (!Number.isInteger(limit) || limit < 1 || limit > 500)
    throw invalid('limit', 'must be a whole number from 1 to 500')
  if (query.cursor === undefined) return { limit }
  if (typeof query.cursor !== 'string') throw invalid('cursor', 'must be the `cursor` of a page')
  return { limit, cursor: query.cursor }
}
