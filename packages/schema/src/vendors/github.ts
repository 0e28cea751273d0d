export { github } from '../lib/vendors/github'
