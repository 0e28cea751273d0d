const { lib } = require('./cjs.cjs')
const { scenario } = require('./scenario.cjs')

test('the first steps work from require', () => scenario(lib))
