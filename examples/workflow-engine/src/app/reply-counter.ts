import type { RequestHandler } from 'express'

export interface ReplyCounts {
  /** By HTTP status. */
  readonly byStatus: Readonly<Record<string, number>>
  /** 200s that said "handled before". */
  readonly duplicates: number
}

/** Counts what the application answered. */
export function createReplyCounter(): { count: RequestHandler; counts(): ReplyCounts } {
  const byStatus = new Map<string, number>()
  let duplicates = 0
  return {
    count: (_request, response, next) => {
      response.on('finish', () => {
        const status = String(response.statusCode)
        byStatus.set(status, (byStatus.get(status) ?? 0) + 1)
        if (response.getHeader('webhook-duplicate') === 'true') duplicates += 1
      })
      next()
    },
    counts: () => ({ byStatus: Object.fromEntries(byStatus), duplicates }),
  }
}
