import { createServer } from 'node:http'
import { toNode } from '@posthorn/receiver/node'
import { verifyByHand } from './by-hand.mjs'
import { benchReceiver } from './receiver.mjs'

const answer = '{"code":"handled"}'

export async function open({ handler, store }) {
  if (handler === 'bare')
    return createServer((request, response) => drain(request, () => reply(response, 200)))
  if (handler === 'hand') return createServer(byHand)
  return createServer(toNode(await benchReceiver({ store })))
}

function byHand(request, response) {
  drain(request, (body) => reply(response, verifyByHand(request.headers, body)))
}

function drain(request, done) {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => done(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
}

function reply(response, status) {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(answer.length),
  })
  response.end(answer)
}
