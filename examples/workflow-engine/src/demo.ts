// Directs the demo:
//   npm run demo                       the story
//   npm run demo -- --events 20000     so many events, and how fast they arrive
import { parseArgs } from 'node:util'
import { createStage } from './director/stage'
import { tellStory } from './director/story'
import { measureThroughput } from './director/throughput'

const startedAt = performance.now()
const events = readEvents()
const stage = createStage()
const { paint, print } = stage.timeline

try {
  const ok = events === undefined ? await tellStory(stage) : await measureThroughput(stage, events)
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  print(
    `\n${ok ? paint.green('All of it adds up') : paint.red('It does not add up')}, after ${seconds} s.`,
  )
  process.exit(ok ? 0 : 1)
} catch (error) {
  console.error(error)
  process.exit(1)
}

function readEvents(): number | undefined {
  const { values } = parseArgs({ options: { events: { type: 'string' } } })
  if (values.events === undefined) return undefined
  const count = Number(values.events)
  if (Number.isSafeInteger(count) && count > 0) return count
  console.error('--events needs a whole number from 1, as --events 20000')
  process.exit(2)
}
