import type { AttemptClass } from '../model/delivery'

/** TLS of one endpoint, in PEM. Connections are shared only by requests that say the same. */
export interface AttemptTls {
  /** Authorities to trust in place of the system's. */
  readonly ca?: string
  /** The client's certificate, with those that lead to its authority behind it. */
  readonly certificate?: string
  /** The private key of `certificate`, not encrypted. */
  readonly key?: string
}

/** One HTTP request to make. */
export interface AttemptRequest {
  readonly url: string
  /** Default `POST`. `OPTIONS` asks an endpoint for its consent, and has no body. */
  readonly method?: 'POST' | 'OPTIONS'
  /** Sent as given, beside `Host`, `Content-Length` and `Accept-Encoding: identity`, which the transport sets. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** One deadline over DNS, connect, TLS and headers, in milliseconds. */
  readonly timeoutMs: number
  /** How many bytes of the response body to keep. */
  readonly captureBytes: number
  /** Ignored where the URL is not https. */
  readonly tls?: AttemptTls
}

/** What came of it. A response is one whose final status line and headers arrived, whatever its body did later. */
export type AttemptOutcome =
  | {
      readonly kind: 'response'
      readonly status: number
      /** Names in lower case; a repeated header joined with `, `. */
      readonly headers: Readonly<Record<string, string>>
      readonly body: Uint8Array
      readonly truncated: boolean
      readonly bodyError?: string
      readonly durationMs: number
      readonly freshSocket?: boolean
    }
  | {
      readonly kind: 'error'
      readonly errorClass: Exclude<AttemptClass, 'success' | 'http'>
      /** Stable and safe to show: `ECONNREFUSED`, `ENOTFOUND`, `deadline`, … */
      readonly code: string
      /** Short and safe to show to a tenant. */
      readonly message: string
      /** For the host's log only: what a tenant is not told, such as the address that was refused. */
      readonly detail?: string
      /**
       * Set when the fault lies on this side of the endpoint: its proxy, its resolver, its key service, or that it stops. Such an error
       * says nothing about the endpoint's health. Absent: the endpoint's.
       */
      readonly blame?: 'sender'
      readonly durationMs: number
      readonly freshSocket?: boolean
    }

/**
 * Makes one HTTP attempt.
 *
 * Laws: `send` never rejects, whatever the peer does; it ends by `timeoutMs` + 600 ms; it follows no redirect; the bytes sent are `body`
 * exactly; `close` ends the attempts under way as `network` errors and holds no socket; after it, `send` answers `config` errors.
 */
export interface Transport {
  send(request: AttemptRequest): Promise<AttemptOutcome>
  close(): Promise<void>
}
