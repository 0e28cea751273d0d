import type { OpenTelemetryApi, SpanContext } from './api'

/** The fields of W3C Trace Context (https://www.w3.org/TR/trace-context/), as headers and as metadata. */
export interface Carrier {
  readonly traceparent: string
  readonly tracestate?: string
}

const traceparent =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
/** What W3C Trace Context asks everybody to pass on; a longer one is left out, as it allows. */
const longestState = 512

/** The span's place, written out; undefined where there is none, as without a registered SDK. */
export function carrierOf({
  traceId,
  spanId,
  traceFlags,
  traceState,
}: SpanContext): Carrier | undefined {
  const text = `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`
  if (!traceparent.test(text)) return undefined
  const tracestate = traceState?.serialize() ?? ''
  return tracestate === '' || tracestate.length > longestState
    ? { traceparent: text }
    : { traceparent: text, tracestate }
}

/** Reads an event's metadata; undefined where it holds no valid `traceparent`. */
export function spanContextOf(
  api: Pick<OpenTelemetryApi, 'createTraceState'>,
  metadata: Readonly<Record<string, unknown>>,
): SpanContext | undefined {
  const found = traceparent.exec(textOf(metadata, 'traceparent'))
  if (found === null) return undefined
  const [text, traceId = '', spanId = '', flags = '', rest] = found
  // Version 00 ends with the flags; later ones may go on.
  if (rest !== undefined && text.startsWith('00')) return undefined
  const state = textOf(metadata, 'tracestate')
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(state === '' ? {} : { traceState: api.createTraceState(state) }),
  }
}

function textOf(metadata: Readonly<Record<string, unknown>>, name: keyof Carrier): string {
  const text = Object.hasOwn(metadata, name) ? metadata[name] : undefined
  return typeof text === 'string' ? text : ''
}
