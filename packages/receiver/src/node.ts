export { type NodeAdapterOptions, toNode } from './lib/adapters/node'
