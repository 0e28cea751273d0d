export { operationsEvents } from './lib/operations/catalogue'
export type { OperationsEvent, OperationsEventType } from './lib/operations/types'
