import type { RefusalCode } from '../result'

/** Any answer with a status: of `receive`, of light-my-request (`statusCode`), of supertest (`body` parsed). */
export interface AnswerLike {
  readonly status?: number
  readonly statusCode?: number
  readonly body?: unknown
}

export interface MatcherResult {
  readonly pass: boolean
  message(): string
}

/** The matchers' types, for `declare module 'vitest' { interface Matchers<T> extends WebhookMatchers {} }`. */
export interface WebhookMatchers<Result = void> {
  /** The answer accepts the webhook: 2xx. */
  toAcceptWebhook(): Result
  /** The answer refuses the webhook: 4xx or 5xx, with this code if one is given. */
  toRejectWebhook(code?: RefusalCode): Result
  /** Of the answers to copies of one webhook, one handled it; the others say `duplicate` or `duplicate_in_flight`. */
  toHandleOnce(): Result
}

/**
 * Matchers for vitest and jest: `expect.extend(webhookMatchers)`.
 *
 * @example
 * expect(await deliver(receiver, request)).toRejectWebhook('signature_mismatch')
 * expect(await deliverConcurrently(receiver, request, 10)).toHandleOnce()
 */
export const webhookMatchers: {
  toAcceptWebhook(answer: unknown): MatcherResult
  toRejectWebhook(answer: unknown, code?: RefusalCode): MatcherResult
  toHandleOnce(answers: unknown): MatcherResult
} = {
  toAcceptWebhook: (answer) => {
    const { status } = read(answer)
    return result(status >= 200 && status < 300, 'an answer that accepts the webhook', [answer])
  },
  toRejectWebhook: (answer, code) => {
    const found = read(answer)
    const pass = found.status >= 400 && (code === undefined || found.code === code)
    return result(pass, `a refusal${code === undefined ? '' : ` with ${code}`}`, [answer])
  },
  toHandleOnce: (answers) => {
    const list = Array.isArray(answers) ? answers : [answers]
    const codes = list.map((answer) => read(answer).code)
    const handled = codes.filter((code) => code === 'handled').length
    const others = codes.filter((code) => code === 'duplicate' || code === 'duplicate_in_flight')
    const pass = handled === 1 && handled + others.length === list.length
    return result(pass, 'one answer that handled the webhook, and duplicates', list)
  },
}

interface Answer {
  readonly status: number
  readonly code: string | undefined
}

function read(answer: unknown): Answer {
  if (!isAnswer(answer)) return { status: Number.NaN, code: undefined }
  const { status, statusCode, body } = answer
  return { status: status ?? statusCode ?? Number.NaN, code: codeOf(body) }
}

function isAnswer(value: unknown): value is AnswerLike {
  return typeof value === 'object' && value !== null
}

function codeOf(body: unknown): string | undefined {
  const value = typeof body === 'string' ? parse(body) : body
  const isCoded = typeof value === 'object' && value !== null && 'code' in value
  return isCoded && typeof value.code === 'string' ? value.code : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function result(pass: boolean, wanted: string, answers: readonly unknown[]): MatcherResult {
  const got = answers.map((answer) => {
    const { status, code } = read(answer)
    return code === undefined ? String(status) : `${status} ${code}`
  })
  return { pass, message: () => `expected ${pass ? 'not ' : ''}${wanted}; got ${got.join(', ')}` }
}
