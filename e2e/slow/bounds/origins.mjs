// Many origins in a process of its own: `node origins.mjs <count>`. Answers every request with 204, and tells what it saw when asked.
import { createServer } from 'node:http'

let requests = 0
let open = 0
let most = 0

const listening = Array.from({ length: Number(process.argv[2]) }, listen)
process.send({ ports: await Promise.all(listening) })
process.on('message', () => process.send({ requests, open, most }))
process.on('disconnect', () => process.exit(0))

function listen() {
  // Longer than the transport keeps a socket, so that it is the one to close them.
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    request.resume().on('end', () => {
      requests += 1
      response.writeHead(204).end()
    })
  })
  server.on('connection', (socket) => {
    open += 1
    most = Math.max(most, open)
    socket.on('close', () => {
      open -= 1
    })
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server.address().port))
  })
}
