/** An event as a handler gets it. */
export interface WebhookEvent<Type extends string = string, Data = unknown> {
  readonly id: string
  readonly type: Type
  /** When it happened: ISO 8601 with a zone, as `2026-01-31T12:00:00.000Z`. */
  readonly timestamp: string
  /** The version of the type's schema that `data` follows, from 1. */
  readonly version: number
  readonly data: Data
}

/** One thing that is wrong with a value, and where. */
export interface ValidationIssue {
  /** As `data.steps[0].name`; empty when the value as a whole is meant. */
  readonly path: string
  readonly message: string
}
