export { aetherflow } from '../lib/vendors/aetherflow'
