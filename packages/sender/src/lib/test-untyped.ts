type Call = (...given: never[]) => Promise<unknown>

/** A call as a program without types makes it. */
export const untyped = (call: Call, ...given: unknown[]): Promise<unknown> =>
  call(...(given as never[]))

/** What a refusal looks like. */
export const refused = (code = 'invalid_argument') => ({ name: 'WebhookError', code })
