import { z } from 'zod'

const reply = z.object({ code: z.string() })

export interface Posted {
  readonly status: number
  /** The `code` in the answer. */
  readonly code: string
}

/** Posts bytes with signature headers, as anybody could who has seen a message. */
export async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): Promise<Posted> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  return { status: response.status, code: reply.parse(await response.json()).code }
}
