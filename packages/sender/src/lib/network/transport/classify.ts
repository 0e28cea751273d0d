import { ConnectFailure, codeOf, detailOf, type Failure } from './failure'
import { StreamFailure } from './http2'

type Known = Pick<Failure, 'errorClass' | 'code' | 'message'>

const malformed = 'The response is not valid HTTP/1.1.'

/** What undici and the HTTP parser say, in words that stay the same when theirs change. */
const byCode: Readonly<Record<string, Known>> = {
  UND_ERR_HEADERS_OVERFLOW: {
    errorClass: 'protocol',
    code: 'headers_too_large',
    message: 'The response’s headers are larger than 16 KiB.',
  },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: {
    errorClass: 'protocol',
    code: 'content_length_mismatch',
    message: 'The response’s body does not fit its Content-Length.',
  },
  ERR_ASSERTION: { errorClass: 'protocol', code: 'malformed_response', message: malformed },
  UND_ERR_INVALID_ARG: config(
    'invalid_request',
    'The request cannot be sent: a header or the path is not valid HTTP.',
  ),
  UND_ERR_NOT_SUPPORTED: config(
    'invalid_request',
    'The request cannot be sent: one of its headers is not supported.',
  ),
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: config(
    'invalid_request',
    'The request’s Content-Length does not fit its body.',
  ),
}

const bySocketMessage: Readonly<Record<string, Known>> = {
  'bad response': { errorClass: 'protocol', code: 'unexpected_response', message: malformed },
  'bad upgrade': {
    errorClass: 'protocol',
    code: 'unexpected_upgrade',
    message: 'The response asks for another protocol.',
  },
}

const certificates: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'The endpoint’s TLS certificate has expired.',
  CERT_NOT_YET_VALID: 'The endpoint’s TLS certificate is not valid yet.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The endpoint’s TLS certificate is for another host name.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'The endpoint’s TLS certificate is self-signed.',
  SELF_SIGNED_CERT_IN_CHAIN:
    'The endpoint’s TLS certificate comes from an authority that is not trusted.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'The endpoint’s TLS certificate comes from an authority that is not trusted.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'The endpoint’s TLS certificate chain is not complete.',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'The endpoint demands a client certificate.',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'The endpoint does not trust the client certificate’s authority.',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'The endpoint does not accept the client certificate.',
}

const broken = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/** Why a request got no response: everything that undici, the parser or the socket may throw, in the closed set of classes. */
export function classify(error: unknown): Failure {
  if (error instanceof ConnectFailure || error instanceof StreamFailure) return error.failure
  const detail = detailOf(error)
  const known = knownFailure(error)
  if (known !== undefined) return { ...known, detail }
  const code = codeOf(error, 'unknown')
  const message = 'The connection broke before a response arrived.'
  return {
    errorClass: 'network',
    code: code.startsWith('UND_ERR_') ? 'closed' : code,
    message,
    detail,
  }
}

/** Why a handshake failed; a connection that broke under it is not TLS's fault. */
export function classifyHandshake(error: unknown): Failure {
  const code = codeOf(error, 'handshake_failed')
  const detail = detailOf(error)
  if (broken.has(code)) {
    const message = 'The connection broke during the TLS handshake.'
    return { errorClass: 'network', code, message, detail }
  }
  const message = Object.hasOwn(certificates, code) ? certificates[code] : undefined
  return {
    errorClass: 'tls',
    code,
    message: message ?? 'TLS could not be agreed with the endpoint.',
    detail,
  }
}

function knownFailure(error: unknown): Known | undefined {
  const code = codeOf(error, '')
  if (Object.hasOwn(byCode, code)) return byCode[code]
  // By its name: its code is missing, or one per parser error, depending on undici's version.
  if (error instanceof Error && error.name === 'HTTPParserError') return byCode.ERR_ASSERTION
  if (code !== 'UND_ERR_SOCKET' || !(error instanceof Error)) return undefined
  return Object.hasOwn(bySocketMessage, error.message) ? bySocketMessage[error.message] : undefined
}

function config(code: string, message: string): Known {
  return { errorClass: 'config', code, message }
}
