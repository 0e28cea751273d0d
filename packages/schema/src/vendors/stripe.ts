export { stripe } from '../lib/vendors/stripe'
