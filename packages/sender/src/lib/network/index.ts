export { type AddressVerdict, checkAddress } from './address/check'
export {
  type Lookup,
  type NetworkOptions,
  type NetworkPolicy,
  resolveNetworkPolicy,
} from './policy'
export { checkUrl, type UrlVerdict } from './url'
