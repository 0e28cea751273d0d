export { honeyframe } from '../lib/vendors/honeyframe'
