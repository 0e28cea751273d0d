import { toFastify } from '@posthorn/receiver/fastify'
import fastify from 'fastify'
import { verifyByHand } from './by-hand.mjs'
import { benchReceiver } from './receiver.mjs'

export async function open({ handler, store }) {
  const app = fastify()
  if (handler === 'hand') {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    app.post('/', byHand)
  } else {
    app.register(toFastify(await benchReceiver({ store })))
  }
  await app.ready()
  return app.server
}

async function byHand(request, reply) {
  reply.code(verifyByHand(request.headers, request.body))
  return { code: 'handled' }
}
