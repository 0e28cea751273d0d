export { type ExpressRequest, toExpress } from './lib/adapters/express'
