/** What an endpoint may say in the response header `webhook-delivery`. */
export interface Directives {
  /** No more deliveries to this endpoint. */
  readonly disable: boolean
  /** No further attempt of this delivery. */
  readonly abort: boolean
}

/**
 * Reads `webhook-delivery: disable | abort-message`: one or more of them joined with commas, in any case. Whatever else it says is ignored, as
 * a later sender may know it.
 */
export function parseDirectives(header: string | undefined): Directives {
  const said = (header ?? '').split(',').map((directive) => directive.trim().toLowerCase())
  return { disable: said.includes('disable'), abort: said.includes('abort-message') }
}
