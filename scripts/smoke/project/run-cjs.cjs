const { lib } = require('./cjs.cjs')
const { scenario } = require('./scenario.cjs')

scenario(lib).catch((error) => {
  console.error(error)
  process.exitCode = 1
})
