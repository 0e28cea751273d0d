export { shopify } from '../lib/vendors/shopify'
