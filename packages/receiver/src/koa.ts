export { type KoaContext, toKoa } from './lib/adapters/koa'
