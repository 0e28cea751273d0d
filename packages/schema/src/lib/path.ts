const identifier = /^[A-Za-z_$][\w$]*$/

/** `data`, `['steps', 0, 'a b']` → `data.steps[0]["a b"]`. */
export function joinPath(root: string, keys: readonly PropertyKey[]): string {
  let path = root
  for (const key of keys) path += step(key, path === '')
  return path
}

function step(key: PropertyKey, first: boolean): string {
  if (typeof key === 'number') return `[${key}]`
  if (typeof key === 'symbol') return `[${key.toString()}]`
  if (!identifier.test(key)) return `[${JSON.stringify(key)}]`
  return first ? key : `.${key}`
}
