import 'reflect-metadata'
import { generateKeyPairSync, type KeyObject, randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import {
  BasicConstraintsExtension,
  cryptoProvider,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** A certificate and its private key, in PEM. They guard nothing, and are made anew in each process. */
interface Identity {
  readonly certificate: string
  readonly key: string
}

interface Authority extends Identity {
  readonly subject: string
  readonly privateKey: webcrypto.CryptoKey
}

interface Validity {
  readonly notBefore: Date
  readonly notAfter: Date
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const now = 1_000 * Math.floor(Date.now() / 1_000)
const inDays = (days: number): Date => new Date(now + days * 86_400_000)
const current: Validity = { notBefore: inDays(-1), notAfter: inDays(1) }
const past: Validity = { notBefore: inDays(-2), notAfter: inDays(-1) }

/** When those that are valid end to be. */
export const expiresAt = current.notAfter

cryptoProvider.set(webcrypto)

async function keyPair() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    publicKey: await imported(publicKey, 'spki', ['verify']),
    privateKey: await imported(privateKey, 'pkcs8', ['sign']),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

const imported = (
  key: KeyObject,
  type: 'spki' | 'pkcs8',
  usages: webcrypto.KeyUsage[],
): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey(type, key.export({ type, format: 'der' }), algorithm, true, usages)

const common = (validity: Validity) => ({
  ...validity,
  serialNumber: `01${randomBytes(8).toString('hex')}`,
  signingAlgorithm: algorithm,
})

async function authority(name: string): Promise<Authority> {
  const { key, ...keys } = await keyPair()
  const subject = `CN=${name}`
  const extensions = [new BasicConstraintsExtension(true, undefined, true)]
  const made = await X509CertificateGenerator.createSelfSigned({
    ...common(current),
    name: subject,
    keys,
    extensions,
  })
  return { subject, key, certificate: made.toString('pem'), privateKey: keys.privateKey }
}

/** Signed by itself where there is no issuer. */
async function leaf(
  name: string,
  issuer: Authority | undefined,
  names: readonly string[],
  validity = current,
): Promise<Identity> {
  const { key, ...keys } = await keyPair()
  const subject = `CN=${name}`
  const made = await X509CertificateGenerator.create({
    ...common(validity),
    subject,
    issuer: issuer?.subject ?? subject,
    publicKey: keys.publicKey,
    signingKey: issuer?.privateKey ?? keys.privateKey,
    extensions: [
      new SubjectAlternativeNameExtension(names.map(generalName)),
      new BasicConstraintsExtension(false),
    ],
  })
  return { key, certificate: made.toString('pem') }
}

const generalName = (value: string) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const

const local = ['localhost', '127.0.0.1', '::1']
const ours = await authority('test ca')
const theirs = await authority('test other ca')
const clients = await authority('test client ca')

const identities = {
  ca: ours,
  'other-ca': theirs,
  'client-ca': clients,
  good: await leaf('good', ours, local),
  'wrong-host': await leaf('wrong-host', ours, ['elsewhere.example']),
  expired: await leaf('expired', ours, ['localhost'], past),
  other: await leaf('other', theirs, local),
  'client-1': await leaf('client-1', clients, ['client-1.example']),
  'client-2': await leaf('client-2', clients, ['client-2.example']),
  'self-signed': await leaf('localhost', undefined, ['localhost']),
} satisfies Readonly<Record<string, Identity>>

type Name = keyof typeof identities

export const certificateOf = (name: Name): string => identities[name].certificate
export const keyOf = (name: Name): string => identities[name].key
