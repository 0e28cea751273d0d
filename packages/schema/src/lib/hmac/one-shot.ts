import type { Encoding } from './port'

/** `hash` of `node:crypto`. */
type Hash = typeof import('node:crypto').hash

/** `undefined` of a message that is too large for it. */
export type OneShotDigest = (prefix: string, body: Uint8Array) => string | undefined

const blockBytes = 64
const digestBytes = 32
const largest = 4_096
/** UTF-8 of one UTF-16 unit. */
const mostBytesPerUnit = 3

/**
 * HMAC-SHA256 by its definition (RFC 2104), as two calls of `hash`. `createHmac` makes an object of three parts for each message, which costs
 * more than to hash a kilobyte, and as much again to collect.
 */
export function oneShotHmac(hash: Hash): (key: Uint8Array, encoding: Encoding) => OneShotDigest {
  // Shared by all keys: nothing waits between the first byte written and the digest.
  const inner = Buffer.alloc(blockBytes + largest)
  const outer = Buffer.alloc(blockBytes + digestBytes)

  return (key, encoding) => {
    const block = key.length > blockBytes ? hash('sha256', key, 'buffer') : key
    const innerPad = padded(block, 0x36)
    const outerPad = padded(block, 0x5c)
    return (prefix, body) => {
      if (prefix.length * mostBytesPerUnit + body.length > largest) return undefined
      inner.set(innerPad)
      const start = blockBytes + inner.write(prefix, blockBytes)
      inner.set(body, start)
      const digest = hash('sha256', inner.subarray(0, start + body.length), 'binary')
      outer.set(outerPad)
      outer.write(digest, blockBytes, 'binary')
      return hash('sha256', outer, encoding)
    }
  }
}

function padded(block: Uint8Array, pad: number): Uint8Array {
  const bytes = new Uint8Array(blockBytes).fill(pad)
  for (const [index, byte] of block.entries()) bytes[index] = byte ^ pad
  return bytes
}
