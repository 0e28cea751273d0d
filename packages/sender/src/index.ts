export { createSender } from './lib/create-sender'
export { retrySchedules } from './lib/model/retry-schedule'
export type * from './lib/public-types'
