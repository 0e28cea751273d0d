export { slack } from '../lib/vendors/slack'
