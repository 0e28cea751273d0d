import { expect, it } from 'vitest'
import { acceptNone } from '../../../packages/schema/src/lib/signature/mutations.samples'
import { mutationCases } from '../../../packages/schema/src/lib/vendors/vendors.samples'

/** A million over all. */
const COUNT = Math.ceil(1_000_000 / mutationCases.length)

it.each(mutationCases)(
  `%s: none of ${COUNT} changes of a signed message is accepted`,
  async (name, one) => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
    console.log(`${name}: seed ${seed}`)
    expect(await acceptNone(seed, COUNT, one)).toBeGreaterThanOrEqual(COUNT)
  },
)
