export { type AddressVerdict, checkAddress } from './address/check'
export {
  type Lookup,
  type NetworkOptions,
  type NetworkPolicy,
  resolveNetworkPolicy,
} from './policy'
export type { ProxyOptions, ProxyPolicy } from './proxy'
export { type UndiciTransportOptions, undiciTransport } from './transport/undici-transport'
export { checkUrl, type UrlVerdict } from './url'
