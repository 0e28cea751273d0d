export type * from './lib/public-types'
