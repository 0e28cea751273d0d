const canonical =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?$/

/**
 * Whether `text` is the one base64 form of its bytes (RFC 4648, section 4): standard alphabet, padded, unused bits
 * zero. A lenient decoder would read many texts as the same signature.
 */
export function isCanonicalBase64(text: string): boolean {
  return text.length % 4 === 0 && canonical.test(text)
}

/** How long the canonical base64 of so many bytes is. */
export function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4
}
