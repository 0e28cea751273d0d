import assert from 'node:assert/strict'
import type { EndpointRecord } from '../../../model/endpoint'
import type { NewEndpoint } from '../../../ports/endpoint-store'
import type { Bench } from '../bench'
import { inTurn } from '../helpers'
import type { Laws } from '../law'
import { type Slots, serve } from './serve'

const BIG = 'acme'
const SMALL = ['beta', 'gaia', 'iota', 'zeta'] as const

const slot = { limit: 1, perEndpoint: 4 }

export const tenantLaws = {
  'fairness: two tenants take turns, however many endpoints one of them has, one slot each': async (
    bench,
  ) => {
    await bigTenant(bench, 8, 4)
    await smallTenants(bench, 1, 12)
    await assertInTurn(await tenantsServed(bench, 12, slot), [BIG, SMALL[0]], 2)
  },

  'fairness: a tenant whose work comes late waits for one turn of each other': async (bench) => {
    await bigTenant(bench, 8, 4)
    await smallTenants(bench, 2, 12)
    await serve(bench, 5, slot)
    const late = await bench.endpoint({ tenantId: SMALL[3] })
    await bench.sendTo(late)
    const claims = await tenantsServed(bench, 4, slot)
    assert.ok(claims.flatMap((tenants) => [...tenants]).includes(SMALL[3]))
  },

  'fairness: every tenant is served within as many slots as there are tenants': async (bench) => {
    await bigTenant(bench, 6, 8)
    await smallTenants(bench, 4, 12)
    const claims = await tenantsServed(bench, 12, { limit: 2, perEndpoint: 4 })
    await assertInTurn(claims, [BIG, ...SMALL], 3)
  },

  'fairness: every endpoint of a tenant with many is served, beside other tenants': async (
    bench,
  ) => {
    const many = await bigTenant(bench, 6, 8)
    await smallTenants(bench, 4, 20)
    const served = new Set((await serve(bench, 18, { limit: 2 })).flatMap((ids) => [...ids]))
    for (const { id } of many) assert.ok(served.has(id), `endpoint ${id} was left out`)
  },

  'fairness: failing endpoints of several tenants take turns within their share': async (bench) => {
    await bigTenant(bench, 6, 4, failing)
    await smallTenants(bench, 1, 8, failing)
    await bench.fill(await bench.endpoint({ tenantId: SMALL[1] }), 60)
    const slots = { limit: 4, perEndpoint: 40, failingLimit: 1 }
    await assertInTurn(await tenantsServed(bench, 8, slots), [BIG, SMALL[0]], 2)
  },
} satisfies Laws

const failing = { health: { state: 'failing', since: 0 } } as const

async function bigTenant(
  bench: Bench,
  endpoints: number,
  each: number,
  over: Partial<NewEndpoint> = {},
): Promise<readonly EndpointRecord[]> {
  return inTurn(endpoints, () => filled(bench, each, { tenantId: BIG, ...over }))
}

/** So many tenants with an endpoint each. */
async function smallTenants(
  bench: Bench,
  tenants: number,
  each: number,
  over: Partial<NewEndpoint> = {},
): Promise<void> {
  for (const tenantId of SMALL.slice(0, tenants)) await filled(bench, each, { tenantId, ...over })
}

async function filled(
  bench: Bench,
  count: number,
  over: Partial<NewEndpoint>,
): Promise<EndpointRecord> {
  const endpoint = await bench.endpoint(over)
  await bench.fill(endpoint, count)
  return endpoint
}

/** Which tenants each of so many claims served. */
function tenantsServed(
  bench: Bench,
  times: number,
  slots: Slots,
): Promise<readonly ReadonlySet<string>[]> {
  return serve(bench, times, slots, ({ tenantId }) => tenantId)
}

/** So many claims in a row, wherever they begin, serve every tenant. */
function assertInTurn(
  claims: readonly ReadonlySet<string>[],
  tenants: readonly string[],
  round: number,
): void {
  for (let start = 0; start + round <= claims.length; start += 1) {
    const served = new Set(claims.slice(start, start + round).flatMap((ids) => [...ids]))
    for (const tenant of tenants)
      assert.ok(served.has(tenant), `${tenant} was left out of claims ${start}…${start + round}`)
  }
}
