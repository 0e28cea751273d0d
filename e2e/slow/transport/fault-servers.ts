// A process with a server for each fault: it tells their ports in the faults' order, and how many sockets are open when asked.
import { faults } from '../../transport/faults'
import { type RawServer, rawServer } from '../../transport/raw-server'

const servers: RawServer[] = []
for (const fault of faults) servers.push(await rawServer(fault.serve))
process.send?.(servers.map(({ port }) => port))
process.on('message', () => {
  process.send?.(servers.reduce((open, server) => open + server.open(), 0))
})
process.on('disconnect', () => process.exit(0))
