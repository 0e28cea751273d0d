import type { NetworkPolicy } from './policy'

/** Names that clouds answer with credentials; no policy opens them. */
const metadataHosts = new Set([
  'metadata',
  'instance-data',
  'instance-data.ec2.internal',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.tencentyun.com',
])

/** RFC 6761, RFC 6762, RFC 8375, ICANN's .internal, and the suffixes that private networks took (ICANN's high-risk list). */
const privateSuffixes = [
  'localhost',
  'localdomain',
  'local',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'home.arpa',
]

/** Why a name (lower case, no trailing dot) must not be looked up; undefined when it may. */
export function refusedHost(name: string, policy: NetworkPolicy): string | undefined {
  if (metadataHosts.has(name)) return 'a cloud metadata host name'
  if (policy.allowHosts.some((pattern) => matches(name, pattern))) return undefined
  if (policy.development && isBelow(name, 'localhost')) return undefined
  const suffix = privateSuffixes.find((each) => isBelow(name, each))
  if (suffix !== undefined) return `a private host name (${suffix})`
  return name.includes('.') ? undefined : 'a host name of a single label'
}

/** Whether DNS could hold the name at all (RFC 1035): 253 characters, labels of 1 to 63. */
export function isPossibleHost(name: string): boolean {
  return name.length <= 253 && name.split('.').every((label) => label !== '' && label.length <= 63)
}

function matches(name: string, pattern: string): boolean {
  if (!pattern.startsWith('*.')) return name === pattern
  return name.endsWith(pattern.slice(1)) && name.length > pattern.length - 1
}

function isBelow(name: string, suffix: string): boolean {
  return name === suffix || name.endsWith(`.${suffix}`)
}
