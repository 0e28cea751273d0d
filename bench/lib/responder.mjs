// A process that answers every HTTP request with 204 as cheaply as a socket can: it must not be what is measured.
// Understands one request at a time per connection, with a Content-Length. Says its port to the parent, and what it has received when asked.
import { createServer } from 'node:net'

const answer = Buffer.from('HTTP/1.1 204 No Content\r\n\r\n')
const blank = Buffer.from('\r\n\r\n')
let requests = 0
let first = ''

const server = createServer({ noDelay: true }, (socket) => {
  let waiting = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk])
    for (let end = requestEnd(waiting); end !== -1; end = requestEnd(waiting)) {
      if (requests === 0) first = waiting.latin1Slice(0, end)
      requests += 1
      waiting = waiting.subarray(end)
      socket.write(answer)
    }
  })
  socket.on('error', () => socket.destroy())
})
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('message', () => process.send({ requests, first }))
process.on('disconnect', () => process.exit(0))

/** Where the first request ends; -1 while it is not all there. */
function requestEnd(bytes) {
  const head = bytes.indexOf(blank)
  if (head === -1) return -1
  const length = /\r\ncontent-length: (\d+)/i.exec(bytes.latin1Slice(0, head))?.[1] ?? 0
  const end = head + blank.length + Number(length)
  return end <= bytes.length ? end : -1
}
