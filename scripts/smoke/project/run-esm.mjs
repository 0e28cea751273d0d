import { lib } from './esm.mjs'
import { scenario } from './scenario.cjs'

await scenario(lib)
