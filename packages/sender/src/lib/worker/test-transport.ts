import type { AttemptOutcome, AttemptRequest, Transport } from '../ports/transport'

type Answer = (outcome: AttemptOutcome) => void

/** A transport whose attempts end when the test says so, or when it is closed, as the port's laws have it. */
export interface HeldTransport extends Transport {
  readonly requests: readonly AttemptRequest[]
  /** Attempts that have not ended. */
  readonly open: number
  /** Ends the oldest open attempt. */
  answer(status: number): void
}

export function heldTransport(): HeldTransport {
  const requests: AttemptRequest[] = []
  const waiting: Answer[] = []
  let closed = false
  return {
    requests,
    get open() {
      return waiting.length
    },
    answer: (status) => waiting.shift()?.(response(status)),
    async send(request) {
      if (closed) return failure('config', 'The transport was closed.')
      requests.push(request)
      return new Promise((resolve) => waiting.push(resolve))
    },
    async close() {
      closed = true
      for (const answer of waiting.splice(0)) answer(failure('network', 'The attempt was cut off.'))
    },
  }
}

function response(status: number): AttemptOutcome {
  const body = new TextEncoder().encode('an answer')
  return { kind: 'response', status, headers: {}, body, truncated: false, durationMs: 0 }
}

function failure(errorClass: 'config' | 'network', message: string): AttemptOutcome {
  return { kind: 'error', errorClass, code: 'closed', message, durationMs: 0 }
}
