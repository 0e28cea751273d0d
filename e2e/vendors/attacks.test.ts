import { createReceiver } from '@posthorn/receiver'
import { memoryIdempotency } from '@posthorn/receiver/memory'
import { toNode } from '@posthorn/receiver/node'
import { attackCorpus, runAttacks } from '@posthorn/receiver/testing'
import { envelopes } from '@posthorn/schema'
import { generateSecret, schemes } from '@posthorn/schema/signature'
import { github } from '@posthorn/schema/vendors/github'
import { slack } from '@posthorn/schema/vendors/slack'
import { stripe } from '@posthorn/schema/vendors/stripe'
import { expect, it } from 'vitest'
import { serve } from './bed'

const standard = { scheme: schemes.standard, envelope: envelopes.standard }

it.each(Object.entries({ standard, stripe, slack, github }))(
  '%s: a receiver behind a real server answers every attack as it should',
  async (_name, { scheme, envelope }) => {
    const secret = generateSecret()
    const type = 'attack.test'
    const receiver = createReceiver({
      ...{ scheme, envelope, type, secrets: secret },
      idempotency: { store: memoryIdempotency(), source: 'attacks' },
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    })
    receiver.on(type, () => {})
    const url = await serve(toNode(receiver))
    const attacks = await attackCorpus({ secret, scheme, envelope, url })
    expect(await runAttacks(attacks, (request) => fetch(request.url, request))).toEqual([])
  },
)
