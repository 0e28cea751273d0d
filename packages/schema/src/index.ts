export * from './lib/main'
