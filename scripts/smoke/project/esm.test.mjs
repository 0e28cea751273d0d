import { lib } from './esm.mjs'
import { scenario } from './scenario.cjs'

test('the first steps work from import', () => scenario(lib))
