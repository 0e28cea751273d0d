import type { HeaderBag } from '@posthorn/schema'
import { headerOf } from '../request'
import type { OpenTelemetryApi, SpanContext } from './api'

/** W3C Trace Context (https://www.w3.org/TR/trace-context/). */
const traceparent =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const longestState = 512

/** What the sender's headers say; undefined where they hold no valid `traceparent`. */
export function remoteOf(
  api: Pick<OpenTelemetryApi, 'createTraceState'>,
  headers: HeaderBag,
): SpanContext | undefined {
  const found = traceparent.exec(headerOf(headers, 'traceparent') ?? '')
  if (found === null) return undefined
  const [text, traceId = '', spanId = '', flags = '', rest] = found
  // Version 00 ends with the flags; later ones may go on.
  if (rest !== undefined && text.startsWith('00')) return undefined
  const state = headerOf(headers, 'tracestate') ?? ''
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(state === '' || state.length > longestState
      ? {}
      : { traceState: api.createTraceState(state) }),
  }
}
