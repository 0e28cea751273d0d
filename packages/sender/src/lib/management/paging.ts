import { WebhookError } from '@posthorn/schema'
import type { Page } from '../ports/endpoint-store'

export type { Page }

export interface PageQuery {
  /** Items on a page, 1 to 500. Default 50. */
  readonly limit?: number
  /** `cursor` of the page before. */
  readonly cursor?: string
}

export function pageOf(query: PageQuery): { readonly limit: number; readonly cursor?: string } {
  const limit = query.limit ?? 50
  if (!Number.isInteger(limit) || limit < 1 || limit > 500)
    throw invalid('limit', 'must be a whole number from 1 to 500')
  if (query.cursor === undefined) return { limit }
  if (typeof query.cursor !== 'string') throw invalid('cursor', 'must be the `cursor` of a page')
  return { limit, cursor: query.cursor }
}

export function time(value: Date | string | undefined, field: string): number | undefined {
  if (value === undefined) return undefined
  const ms =
    value instanceof Date
      ? value.getTime()
      : typeof value === 'string'
        ? Date.parse(value)
        : Number.NaN
  if (Number.isFinite(ms)) return ms
  throw invalid(field, 'must be a Date or an ISO 8601 string')
}

export function invalid(field: string, rule: string): WebhookError {
  return new WebhookError('invalid_argument', `\`${field}\` ${rule}.`, { details: { field } })
}
