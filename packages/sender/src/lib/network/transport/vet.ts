import { promises as dns } from 'node:dns'
import { isIP } from 'node:net'
import { checkAddress } from '../address/check'
import type { Lookup, NetworkPolicy } from '../policy'
import { ConnectFailure, notResolved, resolvedTooLate, unreachable } from './failure'
import { createLookupLanes, systemSlots } from './lookup-lanes'
import type { Timers } from './timers'

/** The addresses of a host, every one of them allowed. Rejects with `ConnectFailure`. */
export type Vet = (hostname: string) => Promise<readonly string[]>

/**
 * Literals are judged as they are. Names are looked up, under a time budget of their own, and one bad address refuses them all: a name
 * that answers with a private address beside a public one is not to be trusted with either.
 */
export function createVet(policy: NetworkPolicy, timers: Timers, system = systemLookup): Vet {
  const { dnsTimeoutMs: patienceMs } = policy
  const resolve = policy.lookup
    ? sharedLookup(policy.lookup, timers, patienceMs)
    : sharedLookup(
        createLookupLanes(system, timers, { slots: systemSlots(), patienceMs }),
        timers,
        Number.POSITIVE_INFINITY,
      )
  return async (hostname) => {
    const literal = isIP(hostname) !== 0
    const addresses = literal ? [hostname] : await withBudget(resolve(hostname), hostname)
    for (const address of addresses) {
      const verdict = checkAddress(address, policy)
      if (verdict.allowed) continue
      const detail = `${hostname}: ${literal ? '' : `${shown(address)}: `}${verdict.reason}`
      throw new ConnectFailure(unreachable('forbidden_address', detail))
    }
    return addresses
  }

  function withBudget(lookup: Promise<readonly string[]>, hostname: string) {
    return new Promise<readonly string[]>((accept, reject) => {
      const late = () => reject(new ConnectFailure(resolvedTooLate(hostname)))
      const stop = timers.after(policy.dnsTimeoutMs, late)
      lookup.then(accept, (error) => reject(unresolved(error, hostname))).finally(stop)
    })
  }
}

function unresolved(error: unknown, hostname: string): ConnectFailure {
  return error instanceof ConnectFailure ? error : new ConnectFailure(notResolved(error, hostname))
}

const systemLookup: Lookup = async (hostname) => {
  const found = await dns.lookup(hostname, { all: true })
  return found.map(({ address }) => address)
}

interface UnderWay {
  readonly since: number
  readonly answer: Promise<readonly string[]>
}

/**
 * Those who ask for a name while it is being looked up wait for that answer: a dead name holds one of the system's slots, not all. The
 * system always answers in the end; a host's lookup may not, and after `patienceMs` the next to ask begins it anew.
 */
function sharedLookup(lookup: Lookup, timers: Timers, patienceMs: number): Lookup {
  const underWay = new Map<string, UnderWay>()
  return (hostname) => {
    const found = underWay.get(hostname)
    if (found !== undefined && timers.now() - found.since < patienceMs) return found.answer
    const begun: UnderWay = {
      since: timers.now(),
      answer: answer(lookup, hostname).finally(() => {
        if (underWay.get(hostname) === begun) underWay.delete(hostname)
      }),
    }
    underWay.set(hostname, begun)
    return begun.answer
  }
}

async function answer(lookup: Lookup, hostname: string): Promise<readonly string[]> {
  const found: unknown = await lookup(hostname)
  if (Array.isArray(found) && found.length > 0) return found.map(String)
  throw Object.assign(new Error('the lookup answered no address'), { code: 'ENODATA' })
}

function shown(address: string): string {
  return address.slice(0, 64)
}
