import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Temporary database files, and which store lies in which. */
export function createFolders() {
  const paths = new Map<object, string>()
  const pathOf = (store: object): string => {
    const path = paths.get(store)
    if (path === undefined) throw new TypeError('this store has no file here')
    return path
  }
  return {
    file: (): string => join(mkdtempSync(join(tmpdir(), 'posthorn-')), 'test.db'),
    pathOf,
    remember<Store extends object>(store: Store, path: string): Store {
      paths.set(store, path)
      return store
    },
    remove(stores: readonly object[]): void {
      for (const store of stores) rmSync(dirname(pathOf(store)), { recursive: true, force: true })
    },
  }
}
