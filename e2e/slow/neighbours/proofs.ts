import type { SenderStore } from '@posthorn/sender'
import { describe, expect, it } from 'vitest'
import { afterOutage, crowd, hanging, measure, noiseMs, seed, worker } from './neighbours'

const scenes = [
  ['20 of 200 endpoints hang', hanging],
  ['one tenant of two has 1,000 endpoints with work waiting', crowd],
] as const

/** Over real sockets. Other work on the machine may disturb one run, not three. */
export function proveNeighbours(name: string, open: () => Promise<SenderStore>): void {
  describe(`neighbours on ${name}`, { retry: 2 }, () => {
    it.each(scenes)(
      '%s, and the others start as promptly as without, once there is a slot',
      async (what, scene) => {
        const quiet = await measure(open, scene, false)
        const noisy = await measure(open, scene, true)
        console.log(JSON.stringify({ store: name, seed, what, quiet, noisy }))
        expect(noisy.noiseSent).toBeGreaterThan(0)
        const most = (scene.full ? noisy.slotMs : 0) + Math.max(noiseMs, 2 * quiet.delays.p99)
        expect(noisy.delays.p99).toBeLessThanOrEqual(most)
      },
    )

    it('10,000 deliveries that fell due while no worker ran keep to the cap of each endpoint', async () => {
      const seen = await afterOutage(open, 10_000, 5)
      console.log(JSON.stringify({ store: name, ...seen }))
      expect(seen.received).toBe(10_000)
      expect(seen.peak, 'the cap, and no more').toBe(worker.perEndpoint)
    })
  })
}
