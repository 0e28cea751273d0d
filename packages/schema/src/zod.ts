export { envelopeSchema } from './lib/zod/envelope'
export { type JsonSchema, toJsonSchema } from './lib/zod/json-schema'
