export { type NestExpressRequest, toNest } from './lib/adapters/nest'
