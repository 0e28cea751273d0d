import { answer } from './app.mjs'

const onListen = ({ port }) => console.log(`port ${port}`)
Deno.serve({ hostname: '127.0.0.1', port: 0, onListen }, answer)
