export { toLambda } from './lib/adapters/lambda'
export type { LambdaEvent, LambdaResult } from './lib/adapters/lambda-like'
