export * from './lib/signature/main'
