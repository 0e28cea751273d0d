import { type ReceiveOutcome, type ReceiveResult, refusalStatus } from '../result'

const JSON_TYPE = 'application/json'

/** The answer that an outcome gets. Nothing of a cause, an issue or a body is in it. */
export function reply(outcome: ReceiveOutcome, method?: string): ReceiveResult {
  const { status, code, headers } = headOf(outcome)
  if (code === undefined || method?.toUpperCase() === 'HEAD') {
    return { status, headers, body: '', outcome }
  }
  const body = `{"code":"${code}"}`
  return { status, headers: { 'content-type': JSON_TYPE, ...headers }, body, outcome }
}

export function replyStatus(outcome: ReceiveOutcome): number {
  return headOf(outcome).status
}

interface Head {
  readonly status: number
  /** Undefined where the reply has no body. */
  readonly code?: string
  readonly headers: Readonly<Record<string, string>>
}

function headOf(outcome: ReceiveOutcome): Head {
  switch (outcome.kind) {
    case 'handled':
      return { status: 200, code: 'handled', headers: {} }
    case 'accepted':
      return { status: 202, code: 'accepted', headers: {} }
    case 'duplicate':
      return { status: 200, code: 'duplicate', headers: { 'webhook-duplicate': 'true' } }
    case 'stale':
      return { status: 200, code: 'stale', headers: { 'webhook-stale': 'true' } }
    case 'unknown_type':
      return { status: 204, headers: {} }
    case 'refused': {
      const { code, retryAfterMs } = outcome
      const headers = {
        ...(code === 'method_not_allowed' ? { allow: 'POST' } : {}),
        ...(retryAfterMs === undefined ? {} : { 'retry-after': seconds(retryAfterMs) }),
      }
      return { status: refusalStatus[code], code, headers }
    }
  }
}

/** Whole seconds (RFC 9110, 10.2.3), never too early and never at once. */
function seconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1_000)))
}
