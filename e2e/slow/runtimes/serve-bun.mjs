import { answer } from './app.mjs'

const { port } = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: answer })
console.log(`port ${port}`)
