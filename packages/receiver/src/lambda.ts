export { type LambdaEvent, type LambdaResult, toLambda } from './lib/adapters/lambda'
