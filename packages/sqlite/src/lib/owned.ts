import { toStoreError } from './errors'
import type { SqliteLike } from './sqlite-like'

/** On the handle itself, under a name that both module formats share. */
const usersKey = Symbol.for('posthorn.sqlite.users')

interface Users {
  count: number
}

/** Marks a handle as opened by us: the last store on it closes it. */
export function own(handle: SqliteLike): void {
  Object.defineProperty(handle, usersKey, { value: { count: 0 } satisfies Users })
}

/** A store begins to use the handle. */
export function use(handle: SqliteLike): void {
  const users = usersOf(handle)
  if (users) users.count += 1
}

/** A store is done with the handle. */
export function letGo(handle: SqliteLike): void {
  const users = usersOf(handle)
  if (!users) return
  users.count -= 1
  if (users.count > 0) return
  try {
    handle.close?.()
  } catch (error) {
    const failure = toStoreError(error)
    if (failure.code !== 'store_closed') throw failure
  }
}

function usersOf(handle: SqliteLike): Users | undefined {
  const users: unknown = Reflect.get(handle, usersKey)
  return isUsers(users) ? users : undefined
}

const isUsers = (value: unknown): value is Users =>
  typeof value === 'object' && value !== null && 'count' in value && typeof value.count === 'number'
