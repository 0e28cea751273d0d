import type { OrderStore } from '../../ports/order-store'
import type { OrderLaw } from './contract'

/** A store with one fault, and a law that must catch it. */
export interface BrokenOrder {
  readonly fault: string
  readonly caughtBy: OrderLaw
  breakIt(store: OrderStore): Partial<OrderStore>
}

type Version = (version: string) => string

/** Changes every version before it is used. */
const withVersions = (store: OrderStore, change: Version): Partial<OrderStore> => ({
  isNewer: (key, version) => store.isNewer(key, change(version)),
  advance: (key, version) => store.advance(key, change(version)),
})

const withKeys = (
  store: OrderStore,
  change: (key: Parameters<OrderStore['advance']>[0]) => Parameters<OrderStore['advance']>[0],
): Partial<OrderStore> => ({
  isNewer: (key, version) => store.isNewer(change(key), version),
  advance: (key, version) => store.advance(change(key), version),
})

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve))

export const brokenOrders: readonly BrokenOrder[] = [
  {
    fault: 'never takes a first version',
    caughtBy: 'advance: a key without a version takes any',
    breakIt: () => ({ advance: () => false, isNewer: () => false }),
  },
  {
    fault: 'keeps the first version for ever',
    caughtBy: 'advance: takes a higher version',
    breakIt: (store) => {
      const seen = new Set<string>()
      return {
        advance: (key, version) => {
          const name = JSON.stringify(key)
          return seen.has(name) ? false : Boolean(seen.add(name)) && store.advance(key, version)
        },
      }
    },
  },
  {
    fault: 'takes the same version again',
    caughtBy: 'advance: refuses the same version',
    breakIt: (store) => ({
      advance: async (key, version) =>
        (await store.advance(key, version)) || !(await store.isNewer(key, version)),
    }),
  },
  {
    fault: 'forgets the version that it refused to lower',
    caughtBy: 'advance: refuses a lower version, and changes nothing',
    breakIt: () => {
      const versions = new Map<string, string>()
      return {
        isNewer: ({ key }, version) => (versions.get(key) ?? '') < version,
        advance: ({ key }, version) => {
          const raised = (versions.get(key) ?? '') < version
          versions.set(key, version)
          return raised
        },
      }
    },
  },
  {
    fault: 'looks first, and writes a turn later',
    caughtBy: 'advance: of many callers with one version, one is told true',
    breakIt: (store) => ({
      advance: async (key, version) => {
        if (!(await store.isNewer(key, version))) return false
        await turn()
        await store.advance(key, version)
        return true
      },
    }),
  },
  {
    fault: 'has the last caller win',
    caughtBy: 'advance: of many versions at once, the highest stays',
    breakIt: () => {
      const versions = new Map<string, string>()
      return {
        isNewer: ({ key }, version) => (versions.get(key) ?? '') < version,
        advance: async ({ key }, version) => {
          const raised = (versions.get(key) ?? '') < version
          await turn()
          if (raised) versions.set(key, version)
          return raised
        },
      }
    },
  },
  {
    fault: 'raises the version that it was only asked about',
    caughtBy: 'isNewer: answers what advance would, and changes nothing',
    breakIt: (store) => ({ isNewer: (key, version) => store.advance(key, version) }),
  },
  {
    fault: 'reads digits as numbers',
    caughtBy: 'versions: compare by character codes',
    breakIt: (store) =>
      withVersions(store, (version) =>
        version.replaceAll(/\d+/g, (digits) => digits.padStart(9, '0')),
      ),
  },
  {
    fault: 'folds upper and lower case',
    caughtBy: 'versions: compare by character codes',
    breakIt: (store) => withVersions(store, (version) => version.toLowerCase()),
  },
  {
    fault: 'ignores spaces at the end',
    caughtBy: 'versions: compare by character codes',
    breakIt: (store) => withVersions(store, (version) => version.trimEnd()),
  },
  {
    fault: 'cuts long versions',
    caughtBy: 'versions: may be of 300 characters',
    breakIt: (store) => withVersions(store, (version) => version.slice(0, 255)),
  },
  {
    fault: 'leaves the source out',
    caughtBy: 'keys: sources do not see each other',
    breakIt: (store) => withKeys(store, ({ key }) => ({ source: 's', key })),
  },
  {
    fault: 'joins source and key',
    caughtBy: 'keys: no spelling is special',
    breakIt: (store) =>
      withKeys(store, ({ source, key }) => ({ source: 's', key: `${source.trim()}:${key}` })),
  },
  {
    fault: 'cuts long keys',
    caughtBy: 'keys: no spelling is special',
    breakIt: (store) => withKeys(store, ({ source, key }) => ({ source, key: key.slice(0, 255) })),
  },
  {
    fault: 'normalises Unicode',
    caughtBy: 'keys: no spelling is special',
    breakIt: (store) =>
      withKeys(store, ({ source, key }) => ({ source, key: key.normalize('NFC') })),
  },
  {
    fault: 'prunes nothing',
    caughtBy: 'prune: drops keys that were not raised for so long, and counts them',
    breakIt: () => ({ prune: () => 0 }),
  },
  {
    fault: 'prunes without a limit',
    caughtBy: 'prune: drops at most its limit, and comes to an end',
    breakIt: (store) => ({
      prune: (request) => store.prune?.({ ...request, limit: 1_000 }) ?? 0,
    }),
  },
  {
    fault: 'prunes by when a key was first seen, whatever came since',
    caughtBy: 'prune: keeps what was raised since',
    breakIt: (store) => ({
      prune: (request) => store.prune?.({ ...request, unchangedForMs: 0 }) ?? 0,
    }),
  },
  {
    fault: 'goes on after close',
    caughtBy: 'close: afterwards every call fails with store_closed',
    breakIt: () => ({ close: () => {} }),
  },
]
