import { createServer } from 'node:http'
import { createReceiver } from '@posthorn/receiver'
import { toExpress } from '@posthorn/receiver/express'
import { toFastify } from '@posthorn/receiver/fastify'
import { toFetch } from '@posthorn/receiver/fetch'
import { toNode } from '@posthorn/receiver/node'
import express from 'express'
import fastify from 'fastify'

const receiver = createReceiver({ secrets: 'whsec_x', idempotency: 'none' })

createServer(toNode(receiver))
express().post('/webhooks', toExpress(receiver))
express().use('/webhooks', toExpress(receiver))
fastify().register(toFastify(receiver), { prefix: '/webhooks' })

export const answer: Promise<Response> = Promise.resolve(
  toFetch(receiver)(new Request('https://example.com/webhooks', { method: 'POST' })),
)
