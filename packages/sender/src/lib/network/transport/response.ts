/** Beyond so many bytes a socket is cut rather than read to the end for the sake of its reuse. */
const drainLimit = 131_072

/** A response whose final headers have arrived. Its body is kept raw, up to a limit, and counted beyond it. */
export class Response {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly #keep: number
  readonly #chunks: Buffer[] = []
  #kept = 0
  #total = 0

  constructor(status: number, headers: RawHeaders, keep: number) {
    this.status = status
    this.headers = joined(headers)
    this.#keep = keep
  }

  /** Whether a body is announced that will not be read to its end. */
  get tooLong(): boolean {
    const length = this.headers['content-length']
    return length !== undefined && Number(length) > Math.max(drainLimit, this.#keep)
  }

  /** False when enough has been read. */
  add(chunk: Buffer): boolean {
    const room = this.#keep - this.#kept
    if (room > 0) {
      // A copy: the chunk is a window on a buffer that is read into again.
      const part = Buffer.from(chunk.length > room ? chunk.subarray(0, room) : chunk)
      this.#chunks.push(part)
      this.#kept += part.length
    }
    this.#total += chunk.length
    return this.#total <= Math.max(drainLimit, this.#keep)
  }

  get body(): Uint8Array {
    const [first, ...more] = this.#chunks
    if (first === undefined) return new Uint8Array(0)
    return more.length === 0 ? first : Buffer.concat(this.#chunks)
  }

  /** Whether more came than was kept. */
  get truncated(): boolean {
    return this.#total > this.#kept
  }
}

/** As undici gives them: names in lower case, a repeated header a list. */
export type RawHeaders = Readonly<Record<string, string | string[] | undefined>>

function joined(headers: RawHeaders): Readonly<Record<string, string>> {
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const text = typeof value === 'string' ? value : (value ?? []).join(', ')
    // Defined, not assigned: a header called __proto__ is a header.
    if (name === '__proto__') Object.defineProperty(result, name, { value: text, enumerable: true })
    else result[name] = text
  }
  return result
}
