import type { DispatchEvent, Receiver } from '../receiver'
import type { ReceiveRequest } from '../request'
import type { ReceiveResult } from '../result'
import { type SignOptions, signTestRequest } from './sign-test-request'

type Receiving = Pick<Receiver, 'receive'>
type Signed = Pick<ReceiveRequest, 'headers' | 'body' | 'method' | 'params'>

/**
 * Brings a request to a receiver, without a socket; or an event, which is signed first.
 *
 * @example
 * const result = await deliver(receiver, event, { secret })
 * expect(result.status).toBe(200)
 */
export function deliver(receiver: Receiving, request: Signed): Promise<ReceiveResult>
export function deliver(
  receiver: Receiving,
  event: DispatchEvent,
  options: SignOptions,
): Promise<ReceiveResult>
export async function deliver(
  receiver: Receiving,
  what: Signed | DispatchEvent,
  options?: SignOptions,
): Promise<ReceiveResult> {
  if ('headers' in what) return receiver.receive(what)
  if (!options) throw new TypeError('deliver: an event needs { secret } to be signed with')
  return receiver.receive(await signTestRequest(what, options))
}

/**
 * Brings so many copies of one request to a receiver at the same time. A good receiver handles one, and answers 409 or 200 `duplicate` to
 * the others: see `toHandleOnce`.
 */
export function deliverConcurrently(
  receiver: Receiving,
  request: Signed,
  copies: number,
): Promise<readonly ReceiveResult[]> {
  if (!Number.isSafeInteger(copies) || copies < 1) {
    throw new TypeError('deliverConcurrently: copies must be a positive integer')
  }
  return Promise.all(Array.from({ length: copies }, () => receiver.receive(request)))
}
