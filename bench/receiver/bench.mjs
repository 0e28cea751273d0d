import { machine } from '../lib/report.mjs'
import { benchImports } from './imports.mjs'
import { benchRoutes } from './routes.mjs'
import { benchVerify } from './verify.mjs'

/** The receiving side: verification, whole routes, and what importing it costs. */
export async function bench(options) {
  await benchVerify(options)
  await benchRoutes(options)
  await benchImports()
  console.log(`\n${machine()}`)
}
