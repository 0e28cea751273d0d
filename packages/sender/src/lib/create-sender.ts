import { type AnyCatalogue, type Duration, parseDuration } from '@posthorn/schema'
import { createEmitter } from './emitter'
import type { TenantContext } from './management/context'
import { createOperator } from './management/operator'
import { reencrypt } from './management/reencrypt'
import { recordOperations } from './operations/recorder'
import type { AnySenderOptions, SenderOptions } from './options'
import type { Pruned } from './ports/retention'
import type { HostTransactions } from './ports/store'
import { type ResolvedOptions, resolveOptions } from './resolve-options'
import { createSecretBox } from './secrets/box'
import type { Sender, SenderCalls } from './sender-types'
import { createInserter } from './sending/send'
import { whileBusy } from './store-retry'
import { createTelemetry } from './telemetry/telemetry'
import { type AnyTenant, createTenant } from './tenant'
import { checkTenantId } from './tenant-id'
import { createWorker } from './worker/worker'

/** The tenant of a host that has one. */
export const defaultTenant = 'default'

const pruneStep = 1_000

/**
 * Makes a sender. Opens, connects and starts nothing: call `migrate()` once, then `start()` in a worker, or `deliverDue()` by hand.
 *
 * @throws TypeError for an option that cannot be.
 * @example
 * ```ts
 * import { createSender } from '@posthorn/sender'
 * import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'
 *
 * const sender = createSender({ store: sqliteStore(await openSqlite('posthorn.db')) })
 * await sender.migrate()
 * await sender.endpoints.create({ url: 'https://example.com/webhooks', eventTypes: ['run.*'] })
 * await sender.send({ type: 'run.completed', data: { runId: 'r1' } })
 * sender.start()
 * ```
 */
export function createSender<
  Catalogue extends AnyCatalogue = never,
  Host extends HostTransactions = HostTransactions,
>(options: SenderOptions<Catalogue, Host>): Sender<Catalogue, Host>
export function createSender(options: AnySenderOptions): AnySender {
  const resolved = resolveOptions(options)
  const { store, logger, signing } = resolved
  store.useClock?.(resolved.clock)
  const emitter = createEmitter(logger)
  const secretBox = createSecretBox(resolved.keys, () => resolved.clock.now())
  const telemetry = createTelemetry(resolved)
  const parts = { options: resolved, emitter, secretBox, telemetry }
  const worker = createWorker({ ...parts, fanOut: signing })
  const fanOut = { ...signing, now: worker.time.now }
  const shared = {
    ...parts,
    store,
    fanOut,
    inserter: createInserter({ store, clock: resolved.clock, fanOut, insert: worker.insert }),
    now: worker.time.now,
    wake: worker.wake,
    ask: worker.ask,
    verifying: new Set<string>(),
    stopping: worker.stopping,
    refuseIfStopped: worker.refuseIfStopped,
  }
  const recorded = operationsOf(shared)
  const tenant = tenants(shared)
  return {
    ...tenant(defaultTenant),
    tenant,
    operator: createOperator(store),
    migrate: () => whileBusy(() => store.migrate()),
    deliverDue: async () => {
      const report = await worker.deliverDue()
      await recorded()
      return report
    },
    start: worker.start,
    stop: async ({ timeout = '20s' }: { readonly timeout?: Duration } = {}) => {
      await worker.stop(parseDuration(timeout, 'timeout'))
      await recorded()
    },
    wake: worker.wake,
    prune: () => prune(resolved),
    reencrypt: async (given = {}) => reencrypt(shared, given),
    on: emitter.on,
  }
}

interface AnySender extends AnyTenant, Omit<SenderCalls<never, HostTransactions>, 'tenant'> {
  tenant(tenantId: string): AnyTenant
}

/** Begins to tell the operations tenant; answers how to wait until all that was told is recorded. */
function operationsOf(shared: Omit<TenantContext, 'tenantId'>): () => Promise<void> {
  const { operations, logger, maxPayloadBytes } = shared.options
  if (operations === undefined) return async () => {}
  return recordOperations({ ...shared, operations, logger, maxPayloadBytes }).recorded
}

function tenants(shared: Omit<TenantContext, 'tenantId'>) {
  return (tenantId: string) => createTenant({ ...shared, tenantId: checkTenantId(tenantId) })
}

async function prune({ store, retention }: ResolvedOptions): Promise<Pruned> {
  const total = { payloads: 0, attempts: 0, deliveries: 0, events: 0 }
  for (;;) {
    const step = await whileBusy(() => store.retention.prune({ ...retention, limit: pruneStep }))
    total.payloads += step.payloads
    total.attempts += step.attempts
    total.deliveries += step.deliveries
    total.events += step.events
    if (step.payloads + step.attempts + step.deliveries + step.events === 0) return total
  }
}
