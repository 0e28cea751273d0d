const canonical =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?$/

/**
 * Whether `text` is the one base64 form of its bytes (RFC 4648, section 4): standard alphabet, padded, unused bits
 * zero. A lenient decoder would read many texts as the same signature.
 */
export function isCanonicalBase64(text: string): boolean {
  return canonical.test(text)
}

/** How long the canonical base64 of so many bytes is. */
export function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4
}

/** Whether `text` is the canonical base64 of exactly so many bytes. */
export function isBase64Of(bytes: number, text: string): boolean {
  const padding = (3 - (bytes % 3)) % 3
  return (
    text.length === base64Length(bytes) &&
    text.indexOf('=') === (padding === 0 ? -1 : text.length - padding) &&
    isCanonicalBase64(text)
  )
}
