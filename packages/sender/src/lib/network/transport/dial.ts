import { connect, isIP, type LookupFunction, type Socket } from 'node:net'

export interface DialRequest {
  /** Judged and allowed; nothing else may be connected to. At least one. */
  readonly addresses: readonly string[]
  readonly hostname: string
  readonly port: number
}

/** Begins a TCP connection to exactly the addresses given. */
export type Dial = (request: DialRequest) => Socket

/** Several addresses are tried in turn, both families (RFC 8305). */
export const dialTcp: Dial = ({ addresses, hostname, port }) => {
  const [first = '', ...more] = addresses
  if (more.length === 0) return connect({ host: first, port, noDelay: true })
  const answers = addresses.map((address) => ({ address, family: isIP(address) }))
  // Answers from the vetted list: a second resolution could say something else.
  const lookup: LookupFunction = (_hostname, options, done) => {
    if (options.all === true) done(null, answers)
    else done(null, first, isIP(first))
  }
  return connect({ host: hostname, port, lookup, autoSelectFamily: true, noDelay: true })
}
