import type { TestRequest } from '../sign-test-request'
import { type Attack, type Make, refused, type Target } from './attack'

type Bytes = Uint8Array<ArrayBuffer>

const utf8 = new TextEncoder()
const mark = [0xef, 0xbb, 0xbf]
const LARGE = 10_000_000
const DEEP = 10_000

/** A body that is not the one that was signed. Each under an id of its own, so that no one takes it for a copy. */
export const changedBodyAttacks: Make = async ({ json, sign }) => {
  const swap = async (name: string, signed: Bytes | string, sent: (body: Bytes) => Bytes) => {
    const request = await sign(signed)
    return refused(`a body ${name}`, { ...request, body: sent(request.body) })
  }
  const amount = (value: number) => withField(json(), `"amount":${value}`)
  return Promise.all([
    swap('with a value changed', amount(1), () => utf8.encode(amount(9))),
    swap('with a bit changed', json(), (body) =>
      body.map((byte, at) => (at === 9 ? byte ^ 1 : byte)),
    ),
    swap('with a blank more', json(), (body) => Uint8Array.from([...body, 0x20])),
    swap('with a byte less', json(), (body) => body.slice(0, -1)),
    swap('with a byte order mark added', json(), (body) => Uint8Array.from([...mark, ...body])),
    swap('taken away', json(), () => new Uint8Array()),
    // Decoded to text, the two are the same.
    swap('that differs only in bytes that are no UTF-8', quoted(0xff), () => quoted(0xfe)),
  ])
}

/** Well signed, and not JSON. */
export const unreadableBodyAttacks: Make = async ({ sign, json }) => {
  const bodies: readonly (readonly [string, Bytes | string])[] = [
    ['empty', ''],
    ['that is half of one', json().slice(0, -1)],
    ['that is no JSON', 'hello'],
    ['with something behind it', `${json()} {}`],
    ['behind a byte order mark', `\ufeff${json()}`],
    ['that is no UTF-8', quoted(0xff)],
    ['of 10 MB', `"${'a'.repeat(LARGE)}"`],
  ]
  return Promise.all(
    bodies.map(async ([name, body]) => refused(`a signed body ${name}`, await sign(body))),
  )
}

/** Well signed JSON that a careless program trips over. */
export const oddBodyAttacks: Make = async (target) => {
  const { json } = target
  const bodies: readonly (readonly [string, string])[] = [
    ...['null', 'true', '7', '"text"', '[]', '{}'].map((text) => [text, text] as const),
    ['with a __proto__', withField(json(), '"__proto__":{"polluted":true}')],
    ['with data that is a __proto__', data(target, '{"__proto__":{"polluted":true}}')],
    ['with a constructor', withField(json(), '"constructor":{"prototype":{"polluted":true}}')],
    ['with a key twice', withField(json(), '"id":"first","type":"first"')],
    ['with a number beyond 2^53', withField(json(), '"big":9007199254740993')],
    ['with text that is a pattern', withField(json(), '"text":"$& $1 $$ {body} {id}"')],
    ['nested without end', data(target, '['.repeat(DEEP) + ']'.repeat(DEEP))],
    ...['constructor', '__proto__', 'toString', '*', 'error', 'a b', ''].map(
      (type) => [`of the type "${type}"`, json({ type })] as const,
    ),
  ]
  return Promise.all(
    bodies.map(async ([name, text]) => survived(`a body ${name}`, await target.sign(text))),
  )
}

function survived(name: string, request: TestRequest): Attack {
  return { name, request, expect: 'survived' }
}

/** A JSON string around one byte. */
function quoted(byte: number): Bytes {
  return Uint8Array.of(...utf8.encode('"'), byte, ...utf8.encode('"'))
}

function withField(json: string, field: string): string {
  return json === '{}' ? `{${field}}` : json.replace(/^\{/, () => `{${field},`)
}

/** Data as JSON text, where `JSON.stringify` would not write it so. */
function data({ json }: Target, text: string): string {
  return json({ data: { placeholder: 0 } }).replace('{"placeholder":0}', () => text)
}
