export { type FastifyAdapterOptions, toFastify } from './lib/adapters/fastify'
