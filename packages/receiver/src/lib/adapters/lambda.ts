import type { Receiver } from '../receiver'
import type { BodyReader, ReceiveRequest } from '../request'
import type { LambdaEvent, LambdaResult } from './lambda-like'
import { stringParams } from './params'

/**
 * A handler for AWS Lambda behind API Gateway (payload 1.0 and 2.0) or a function URL.
 *
 * A REST API decodes bodies as text unless their media type is among its binary ones. Text that was valid UTF-8 arrives as it was; for
 * anything else list `*\/*` as a binary media type, or its signature will not match. The whole body has been read before this is called, so
 * `maxBodyBytes` spares memory, not traffic.
 *
 * @example
 * ```ts
 * import { createReceiver, fromEnv } from '@posthorn/receiver'
 * import { toLambda } from '@posthorn/receiver/lambda'
 *
 * const receiver = createReceiver({ secrets: fromEnv('WEBHOOK_SECRET'), idempotency: 'none' })
 * export const handler = toLambda(receiver)
 * ```
 */
export function toLambda(
  receiver: Pick<Receiver, 'receive'>,
): (event: LambdaEvent) => Promise<LambdaResult> {
  return async (event) => {
    const { status, headers, body } = await receiver.receive({
      method: methodOf(event),
      headers: headersOf(event),
      body: bodyOf(event),
      params: stringParams(event.pathParameters),
    })
    return { statusCode: status, headers: { ...headers }, body, isBase64Encoded: false }
  }
}

/** An event of another kind has no method, and is refused as if it had another one. */
function methodOf({ httpMethod, requestContext }: LambdaEvent): string {
  if (httpMethod !== undefined) return httpMethod
  return (requestContext && 'http' in requestContext && requestContext.http?.method) || 'none'
}

/** A repeated header shows as such in `multiValueHeaders` alone; payload 2.0 joins them with commas. */
function headersOf({ headers, multiValueHeaders }: LambdaEvent): ReceiveRequest['headers'] {
  const entries = Object.entries({ ...headers, ...multiValueHeaders })
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

function bodyOf({ body, isBase64Encoded }: LambdaEvent): BodyReader {
  const encoding = isBase64Encoded === true ? 'base64' : 'utf8'
  const text = body ?? ''
  return (maxBytes) =>
    Buffer.byteLength(text, encoding) > maxBytes
      ? { ok: false, code: 'body_too_large' }
      : { ok: true, bytes: Buffer.from(text, encoding) }
}
