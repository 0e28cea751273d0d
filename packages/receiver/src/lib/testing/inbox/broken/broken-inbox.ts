import type { InboxStore, InboxTaskRef } from '../../../ports/inbox-store'
import type { InboxLaw } from '../contract'

/** A store with one fault, and a law that must catch it. */
export interface BrokenInbox {
  readonly fault: string
  readonly caughtBy: InboxLaw
  breakIt(store: InboxStore): Partial<InboxStore>
}

const nameOf = ({ key, handler }: Omit<InboxTaskRef, 'token'>) =>
  JSON.stringify([key.source, key.id, handler])

/** Remembers the token that last claimed each task, for faults that ignore the one they are given. */
export function withCurrentTokens(store: InboxStore) {
  const tokens = new Map<string, string>()
  const claim: InboxStore['claim'] = async (request) => {
    const tasks = await store.claim(request)
    for (const task of tasks) tokens.set(nameOf(task), task.token)
    return tasks
  }
  const current = (task: InboxTaskRef): InboxTaskRef => ({
    ...task,
    token: tokens.get(nameOf(task)) ?? task.token,
  })
  return { claim, current }
}
