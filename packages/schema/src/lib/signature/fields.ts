import { duplicate } from './headers'
import type { VerifyFailure } from './scheme'

/** Fields looked at in one header: room for a timestamp, signatures and labels nobody asked for. */
const maxFields = 32

interface Names {
  readonly timestamp?: string
  readonly signature: string
}

export interface Fields {
  readonly timestamp: string | undefined
  readonly signatures: readonly string[]
}

/** The wanted fields of `t=1614265330,v1=5f2c…,v1=…`, at most `most` signatures. Others are passed over. */
export function readFields(header: string, names: Names, most: number): Fields | VerifyFailure {
  let timestamp: string | undefined
  const signatures: string[] = []
  for (const field of header.split(',', maxFields)) {
    const equals = field.indexOf('=')
    const name = field.slice(0, Math.max(equals, 0)).trimStart()
    const value = field.slice(equals + 1)
    if (name === names.timestamp) {
      // Two headers joined into one have two of them.
      if (timestamp !== undefined) return duplicate
      timestamp = value
    } else if (name === names.signature && signatures.length < most) {
      signatures.push(value)
    }
  }
  return { timestamp, signatures }
}

export function writeFields(
  names: Names,
  timestamp: string,
  signatures: readonly string[],
): string {
  const fields = signatures.map((signature) => `${names.signature}=${signature}`)
  if (names.timestamp !== undefined) fields.unshift(`${names.timestamp}=${timestamp}`)
  return fields.join(',')
}
