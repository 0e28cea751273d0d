import type { InboxMessage, InboxStore } from '../../../ports/inbox-store'
import type { BrokenInbox } from './broken-inbox'

/** A store that changes every message before it uses it. */
const withMessages = (
  store: InboxStore,
  change: (message: InboxMessage) => InboxMessage,
): Partial<InboxStore> => ({
  accept: (message, handlers) => store.accept(change(message), handlers),
})

/** Faults of `accept`. */
export const acceptFaults: readonly BrokenInbox[] = [
  {
    fault: 'makes a task for the first handler only',
    caughtBy: 'accept: keeps a message, with a task for each handler, due at once',
    breakIt: (store) => ({
      accept: (message, handlers) => store.accept(message, handlers.slice(0, 1)),
    }),
  },
  {
    fault: 'keeps bodies as text',
    caughtBy: 'accept: bytes and facts come back as they were',
    breakIt: (store) =>
      withMessages(store, (message) => ({
        ...message,
        body: new TextEncoder().encode(new TextDecoder().decode(message.body)),
      })),
  },
  {
    fault: 'forgets the parameters',
    caughtBy: 'accept: bytes and facts come back as they were',
    breakIt: (store) =>
      withMessages(store, (message) => ({ ...message, facts: { ...message.facts, params: {} } })),
  },
  {
    fault: 'does not look at the fingerprint',
    caughtBy: 'accept: other bytes under a key are a mismatch, and change nothing',
    breakIt: (store) => withMessages(store, (message) => ({ ...message, fingerprint: 'same' })),
  },
  {
    fault: 'accepts a message again',
    caughtBy: 'accept: the same bytes again are a duplicate, and change nothing',
    breakIt: (store) => ({
      accept: async (message, handlers) => {
        await store.accept(message, handlers)
        return 'accepted' as const
      },
    }),
  },
  {
    fault: 'looks before it writes',
    caughtBy: 'accept: of callers at once, one is told accepted',
    breakIt: (store) => ({
      accept: async (message, handlers) => {
        const known = await store.get(message.key)
        await Promise.resolve()
        await store.accept(message, handlers)
        return known ? ('duplicate' as const) : ('accepted' as const)
      },
    }),
  },
  {
    fault: 'leaves the source out',
    caughtBy: 'accept: no spelling of a key is special, and sources do not see each other',
    breakIt: (store) =>
      withMessages(store, (message) => ({ ...message, key: { ...message.key, source: '-' } })),
  },
  {
    fault: 'folds upper and lower case',
    caughtBy: 'accept: no spelling of a key is special, and sources do not see each other',
    breakIt: (store) =>
      withMessages(store, (message) => ({
        ...message,
        key: { ...message.key, id: message.key.id.toLowerCase() },
      })),
  },
]
