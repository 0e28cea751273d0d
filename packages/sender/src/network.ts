export { type AddressVerdict, checkAddress } from './lib/network/address/check'
export {
  type Lookup,
  type NetworkOptions,
  type NetworkPolicy,
  resolveNetworkPolicy,
} from './lib/network/policy'
export type { ProxyOptions, ProxyPolicy } from './lib/network/proxy'
export { checkUrl, type UrlVerdict } from './lib/network/url'
