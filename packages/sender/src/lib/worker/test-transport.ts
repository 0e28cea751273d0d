import {
  type RecordedAnswer,
  type RecordingTransport,
  recordingTransport,
} from '../testing/recording-transport'

/** A transport whose attempts end when the test says so, or when it is closed. */
export interface HeldTransport extends RecordingTransport {
  /** Attempts that have not been answered. */
  readonly open: number
  /** Answers the oldest open attempt. */
  answer(status: number, headers?: Readonly<Record<string, string>>): void
}

export function heldTransport(): HeldTransport {
  const waiting: ((answer: RecordedAnswer) => void)[] = []
  const transport = recordingTransport(() => new Promise((resolve) => waiting.push(resolve)))
  return {
    ...transport,
    get open() {
      return waiting.length
    },
    answer: (status, headers = {}) => waiting.shift()?.({ status, headers, body: 'an answer' }),
  }
}
