import { connectionTo } from '../connection'
import { toStoreError } from '../errors'
import type { SqliteLike } from '../sqlite-like'
import { inTransaction } from '../transaction'
import { isRow } from '../values'

/** Commits when `work` returns. What `work` throws is thrown on as it is; what SQLite throws around it, as a `WebhookError`. */
export function hostTransaction<Result>(db: SqliteLike, work: (tx: SqliteLike) => Result): Result {
  let thrown: { readonly error: unknown } | undefined
  const watched = () => {
    try {
      return refusePromise(work(db))
    } catch (error) {
      thrown = { error }
      throw error
    }
  }
  try {
    return inTransaction(connectionTo(db), watched)
  } catch (error) {
    throw thrown === undefined ? toStoreError(error) : thrown.error
  }
}

/** It would be committed before it is done. */
function refusePromise<Result>(result: Result): Result {
  if (isRow(result) && typeof result.then === 'function') {
    throw new TypeError('A SQLite transaction is synchronous: its function cannot return a promise')
  }
  return result
}
