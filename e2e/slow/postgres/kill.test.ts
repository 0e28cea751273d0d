import { afterAll, beforeAll, it } from 'vitest'
import { killOptions } from '../lib/kill-options'
import { killStorm, survivesKills } from '../lib/kill-storm'
import { type Bed, startBed } from './bed'
import { startHost } from './processes'

let bed: Bed
beforeAll(async () => {
  bed = await startBed()
})
afterAll(() => bed.stop())

it(survivesKills, async () => {
  const { schema, sender } = await bed.fresh('', 0, killOptions)
  const settings = { url: bed.url, schema, options: killOptions }
  await killStorm({ sender, startWorker: () => startHost(settings) })
}, 120_000)
