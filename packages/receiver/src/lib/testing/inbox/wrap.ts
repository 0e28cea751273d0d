import type { InboxStore } from '../../ports/inbox-store'

/** A store with some of its operations replaced. */
export function wrapInbox(store: InboxStore, over: Partial<InboxStore>): InboxStore {
  return {
    accept: (message, handlers) => store.accept(message, handlers),
    claim: (request) => store.claim(request),
    renew: (task, leaseMs) => store.renew(task, leaseMs),
    settle: (task, settlement) => store.settle(task, settlement),
    release: (task) => store.release(task),
    get: (key) => store.get(key),
    dead: (request) => store.dead(request),
    revive: (filter, limit) => store.revive(filter, limit),
    statistics: () => store.statistics(),
    prune: (request) => store.prune(request),
    host: store.host ?? { kind: 'none' },
    useClock: (clock) => store.useClock?.(clock),
    close: () => store.close?.(),
    ...over,
  }
}
