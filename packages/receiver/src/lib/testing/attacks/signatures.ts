import { generateSecret } from '@posthorn/schema'
import { type Make, refused, withHeaders } from './attack'

const MANY = 50_000

/** Everything but the right signature. Changes that change nothing are left out. */
export const signatureAttacks: Make = async ({ good, signature, sign }) => {
  const { header, prefix, digest } = signature
  const zero = isHex(digest) ? '0' : 'A'
  const separator = prefix.endsWith(',') ? ' ' : ','
  const none = `${prefix}${zero.repeat(digest.length)}`
  const texts: readonly (readonly [string, string])[] = [
    ['truncated', prefix + digest.slice(0, -1)],
    ['cut to nothing', prefix],
    ['extended', `${prefix}${digest}${zero}`],
    ['with junk behind', `${prefix}${digest};x`],
    ['in other letters of the same length', prefix + 'é'.repeat(digest.length)],
    ['in the other case', prefix + swapCase(digest)],
    ['unpadded', prefix + digest.replace(/=+$/, '')],
    ['in base64url', prefix + digest.replaceAll('+', '-').replaceAll('/', '_')],
    ['in another encoding', prefix + recoded(digest)],
    ['with its first letter changed', prefix + next(digest) + digest.slice(1)],
    ['all zero', none],
    ['of an unknown version only', otherVersion(prefix, 'v9') + digest],
    ['of another version', otherVersion(prefix, 'v1a') + digest],
    [`${MANY} times, never right`, Array<string>(MANY).fill(none).join(separator)],
  ]
  const right = prefix + digest
  return [
    refused('signed with another secret', await sign(good.body, { secret: generateSecret() })),
    ...texts
      .filter(([, text]) => text !== right)
      .map(([name, text]) => refused(`a signature ${name}`, withHeaders(good, { [header]: text }))),
  ]
}

function isHex(digest: string): boolean {
  return /^[0-9a-f]+$/.test(digest)
}

function swapCase(text: string): string {
  return text.replace(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  )
}

function next(digest: string): string {
  return digest.startsWith('1') ? '2' : '1'
}

function otherVersion(prefix: string, version: string): string {
  return prefix === '' ? `${version}=` : prefix.replace(/[a-z0-9]+(?=[,=]$)/, version)
}

/** Hex as base64, base64 as hex. */
function recoded(digest: string): string {
  if (!isHex(digest)) {
    return [...atob(digest)].map((char) => hex(char.charCodeAt(0))).join('')
  }
  const pairs = digest.match(/../g) ?? []
  return btoa(String.fromCharCode(...pairs.map((pair) => Number.parseInt(pair, 16))))
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
