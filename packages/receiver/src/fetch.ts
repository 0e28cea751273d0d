export { type FetchAdapterOptions, toFetch } from './lib/adapters/fetch'
