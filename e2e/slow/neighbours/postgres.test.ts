import { postgresStore } from '@posthorn/postgres/sender'
import { afterAll, beforeAll } from 'vitest'
import { type Bed, startBed } from '../postgres/bed'
import { proveNeighbours } from './proofs'

let bed: Bed
let schemas = 0
beforeAll(async () => {
  bed = await startBed()
}, 60_000)
afterAll(() => bed.stop())

proveNeighbours('Postgres', async () => {
  schemas += 1
  return postgresStore({ client: bed.pool, schema: `neighbours_${schemas}` })
})
