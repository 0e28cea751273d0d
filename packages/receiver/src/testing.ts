export * from './lib/testing/main'
