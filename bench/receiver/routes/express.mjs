import { createServer } from 'node:http'
import { toExpress } from '@posthorn/receiver/express'
import express from 'express'
import { verifyByHand } from './by-hand.mjs'
import { benchReceiver } from './receiver.mjs'

export async function open({ handler, store }) {
  const app = express()
  if (handler === 'hand') app.post('/', express.raw({ type: '*/*' }), byHand)
  else app.post('/', toExpress(await benchReceiver({ store })))
  return createServer(app)
}

function byHand(request, response) {
  response.status(verifyByHand(request.headers, request.body)).json({ code: 'handled' })
}
