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

/** What a contract suite asks of stores on files, each with a file of its own unless it is opened again. */
export function onFiles<Store extends object>(open: (path: string) => Promise<Store>) {
  const { file, pathOf, remember, remove } = createFolders()
  const opened = async (path: string): Promise<Store> => remember(await open(path), path)
  return {
    create: () => opened(file()),
    reopen: (store: object) => opened(pathOf(store)),
    cleanUp: remove,
  }
}
