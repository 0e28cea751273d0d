import type { RawHeaders } from './response'

/** One request as it goes out. */
export interface Outgoing {
  readonly method: 'POST' | 'OPTIONS'
  readonly path: string
  /** Names and values in turn. */
  readonly headers: string[]
  readonly body: Uint8Array
}

/** Breaks a request off. */
export interface Abortable {
  abort(reason: Error): void
}

/** Who holds a slot, and is told what becomes of its request, as undici tells it. */
export interface Occupant {
  onRequestStart(controller: Abortable): void
  onResponseStart(controller: Abortable, status: number, headers: RawHeaders): void
  onResponseData(controller: Abortable, chunk: Buffer): void
  onResponseEnd(): void
  onResponseError(controller: Abortable, error: Error): void
  /** The transport is closing. */
  interrupted(): void
}
