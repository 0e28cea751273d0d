import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { AttemptTls } from '../ports/transport'
import { createContext } from './transport/identities'

/** Which of the three is wrong, and how. */
export interface TlsFault {
  readonly field: 'ca' | 'certificate' | 'key'
  readonly rule: string
}

const mostCharacters = 65_536
/** No dash within, so that what never ends is read once. */
const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Finds at registration what would fail each delivery: PEM that cannot be read, and a key that is not the certificate's. */
export function checkTlsSettings(tls: AttemptTls): TlsFault | undefined {
  const { ca, certificate, key } = tls
  if (ca !== undefined && certificatesIn(ca) === undefined) return notCertificates('ca')
  if (certificate === undefined && key === undefined) return undefined
  if (certificate === undefined) return { field: 'certificate', rule: 'is needed beside `key`' }
  if (key === undefined) return { field: 'key', rule: 'is needed beside `certificate`' }
  const [leaf] = certificatesIn(certificate) ?? []
  if (leaf === undefined) return notCertificates('certificate')
  const opened = privateKeyOf(key)
  if (opened === undefined)
    return { field: 'key', rule: 'must be a private key in PEM, not encrypted' }
  if (!leaf.checkPrivateKey(opened))
    return { field: 'key', rule: 'is not the key of `certificate`' }
  return isUsable(tls) ? undefined : { field: 'certificate', rule: 'cannot be used for TLS' }
}

/** The first certificate of a PEM text; undefined where it holds none. */
export function leafOf(pem: string): X509Certificate | undefined {
  return certificatesIn(pem)?.[0]
}

function certificatesIn(pem: string): readonly X509Certificate[] | undefined {
  if (pem.length > mostCharacters) return undefined
  try {
    const found = (pem.match(block) ?? []).map((each) => new X509Certificate(each))
    return found.length === 0 ? undefined : found
  } catch {
    return undefined
  }
}

function privateKeyOf(pem: string): KeyObject | undefined {
  try {
    return pem.length > mostCharacters ? undefined : createPrivateKey(pem)
  } catch {
    return undefined
  }
}

/** OpenSSL has the last word: some keys are too short for it. */
function isUsable(tls: AttemptTls): boolean {
  try {
    createContext(tls)
    return true
  } catch {
    return false
  }
}

function notCertificates(field: 'ca' | 'certificate'): TlsFault {
  return { field, rule: 'must be one or more certificates in PEM' }
}
