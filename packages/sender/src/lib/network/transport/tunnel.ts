import { connect as connectTcp, isIP, isIPv4, isIPv6, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ProxyPolicy } from '../proxy'
import { detailOf, type ProxyFault } from './failure'
import { happened } from './happened'

/** A tunnel that did not come about. */
export class TunnelFailure extends Error {
  readonly fault: ProxyFault

  constructor(fault: ProxyFault, detail: string) {
    super(detail)
    this.name = 'TunnelFailure'
    this.fault = fault
  }
}

const mostHeadBytes = 16_384

/** Begins a connection to the proxy itself. Its name is resolved by the system: it is the host's. */
export function dialProxy({ hostname, port, secure, ca }: ProxyPolicy): Socket {
  if (!secure) return connectTcp({ host: hostname, port, noDelay: true })
  return connectTls({
    host: hostname,
    port,
    ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
    ...(ca === undefined ? {} : { ca }),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: true,
  })
}

/** Those that a proxy of one family can reach, too, come first. */
export function proxyOrder(addresses: readonly string[]): readonly string[] {
  return [...addresses.filter((each) => isIPv4(each)), ...addresses.filter((each) => !isIPv4(each))]
}

/**
 * Asks a proxy for a tunnel (RFC 9110, 9.3.6). Afterwards the socket carries nothing but what the target says. Rejects with
 * `TunnelFailure` alone.
 */
export async function openTunnel(
  socket: Socket,
  proxy: ProxyPolicy,
  host: string,
  port: number,
): Promise<void> {
  await happened(socket, proxy.secure ? 'secureConnect' : 'connect').catch((error) => {
    throw new TunnelFailure('proxy_unreachable', detailOf(error))
  })
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${proxy.head}\r\n`, 'latin1')
  const { head, isLast } = await readHead(socket)
  const [, status] = /^HTTP\/1\.[01] (\d{3})(?: |\r\n)/.exec(head) ?? []
  if (status === undefined) throw new TunnelFailure('proxy_malformed', 'no HTTP/1 status line')
  if (status === '407') throw new TunnelFailure('proxy_authentication', 'status 407')
  if (!status.startsWith('2')) throw new TunnelFailure('proxy_refused', `status ${status}`)
  // The target has been told nothing yet: what stands behind the head is not from it, and must not be read as its answer.
  if (!isLast) throw new TunnelFailure('proxy_malformed', 'bytes behind the headers')
}

function readHead(socket: Socket): Promise<{ readonly head: string; readonly isLast: boolean }> {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0)
    const fail = (fault: ProxyFault, detail: string) => {
      stop()
      reject(new TunnelFailure(fault, detail))
    }
    const more = (chunk: Buffer) => {
      read = Buffer.concat([read, chunk])
      const end = read.indexOf('\r\n\r\n')
      if (end < 0 && read.length > mostHeadBytes) fail('proxy_malformed', 'endless headers')
      if (end < 0) return
      stop()
      resolve({ head: read.toString('latin1', 0, end + 2), isLast: read.length === end + 4 })
    }
    const closed = () => fail('proxy_closed', 'closed before it answered')
    const failed = (error: Error) => fail('proxy_closed', detailOf(error))
    const stop = () => {
      socket.off('data', more).off('close', closed).off('end', closed).off('error', failed).pause()
    }
    socket.on('data', more).once('close', closed).once('end', closed).once('error', failed)
  })
}
