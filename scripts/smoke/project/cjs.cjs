const lib = {
  receiver: require('@posthorn/receiver'),
  express: require('@posthorn/receiver/express'),
  fastify: require('@posthorn/receiver/fastify'),
  fetch: require('@posthorn/receiver/fetch'),
  receiverMemory: require('@posthorn/receiver/memory'),
  node: require('@posthorn/receiver/node'),
  receiverTesting: require('@posthorn/receiver/testing'),
  schema: require('@posthorn/schema'),
  signature: require('@posthorn/schema/signature'),
  schemaZod: require('@posthorn/schema/zod'),
  sender: require('@posthorn/sender'),
  memory: require('@posthorn/sender/memory'),
  network: require('@posthorn/sender/network'),
  senderTesting: require('@posthorn/sender/testing'),
  redisReceiver: require('@posthorn/redis/receiver'),
  sqliteReceiver: require('@posthorn/sqlite/receiver'),
  sqliteSender: require('@posthorn/sqlite/sender'),
  testkit: require('@posthorn/testkit'),
  zod: require('zod').z,
}

module.exports = { lib }
