// A route in a process of its own: `node server.mjs <module> <settings as JSON>`. Says its port, and its CPU time when asked.
const [module, settings] = process.argv.slice(2)
const { open } = await import(module)
const server = await open(JSON.parse(settings))
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send({ cpuMicros: user + system })
})
process.on('disconnect', () => process.exit(0))
