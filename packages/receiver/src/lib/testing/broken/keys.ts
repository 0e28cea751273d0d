import { type BrokenStore, withKeys } from './broken-store'

/** Faults in how a key is told from another. */
export const keyFaults: readonly BrokenStore[] = [
  {
    fault: 'leaves the source out',
    caughtBy: 'claim: sources do not see each other',
    breakIt: (store) => withKeys(store, ({ id }) => ({ source: '', id })),
  },
  {
    fault: 'joins source and id with a colon',
    caughtBy: 'claim: no spelling of a key is special',
    breakIt: (store) =>
      withKeys(store, ({ source, id }) => ({ source: '', id: `${source}:${id}` })),
  },
  {
    fault: 'folds upper and lower case',
    caughtBy: 'claim: no spelling of a key is special',
    breakIt: (store) => withKeys(store, ({ source, id }) => ({ source, id: id.toLowerCase() })),
  },
  {
    fault: 'trims',
    caughtBy: 'claim: no spelling of a key is special',
    breakIt: (store) => withKeys(store, ({ source, id }) => ({ source, id: id.trim() })),
  },
  {
    fault: 'cuts long ids',
    caughtBy: 'claim: no spelling of a key is special',
    breakIt: (store) => withKeys(store, ({ source, id }) => ({ source, id: id.slice(0, 255) })),
  },
  {
    fault: 'normalises Unicode',
    caughtBy: 'claim: no spelling of a key is special',
    breakIt: (store) => withKeys(store, ({ source, id }) => ({ source, id: id.normalize('NFC') })),
  },
  {
    fault: 'keeps keys in a plain object',
    caughtBy: 'claim: no spelling of a key is special',
    breakIt: (store) => ({
      claim: async (key, fingerprint, leaseMs) =>
        key.id in {} ? { state: 'done' } : store.claim(key, fingerprint, leaseMs),
    }),
  },
]
