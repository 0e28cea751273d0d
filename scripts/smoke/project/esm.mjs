import * as postgresSender from '@posthorn/postgres/sender'
import * as receiver from '@posthorn/receiver'
import * as express from '@posthorn/receiver/express'
import * as fastify from '@posthorn/receiver/fastify'
import * as fetch from '@posthorn/receiver/fetch'
import * as receiverMemory from '@posthorn/receiver/memory'
import * as node from '@posthorn/receiver/node'
import * as receiverTesting from '@posthorn/receiver/testing'
import * as redisReceiver from '@posthorn/redis/receiver'
import * as schema from '@posthorn/schema'
import * as signature from '@posthorn/schema/signature'
import * as schemaZod from '@posthorn/schema/zod'
import * as sender from '@posthorn/sender'
import * as memory from '@posthorn/sender/memory'
import * as network from '@posthorn/sender/network'
import * as senderStore from '@posthorn/sender/store'
import * as senderTesting from '@posthorn/sender/testing'
import * as sqliteReceiver from '@posthorn/sqlite/receiver'
import * as sqliteSender from '@posthorn/sqlite/sender'
import * as testkit from '@posthorn/testkit'
import { z as zod } from 'zod'

export const lib = {
  receiver,
  express,
  fastify,
  fetch,
  receiverMemory,
  node,
  receiverTesting,
  postgresSender,
  redisReceiver,
  schema,
  signature,
  schemaZod,
  sender,
  memory,
  network,
  senderStore,
  senderTesting,
  sqliteReceiver,
  sqliteSender,
  testkit,
  zod,
}
