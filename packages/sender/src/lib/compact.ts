type Compact<Value> = {
  [Key in keyof Value as undefined extends Value[Key] ? never : Key]: Value[Key]
} & {
  [Key in keyof Value as undefined extends Value[Key] ? Key : never]?: Exclude<
    Value[Key],
    undefined
  >
}

/** The object without the properties whose value is undefined. */
export function compact<Value extends object>(value: Value): Compact<Value>
export function compact(value: object): object {
  const kept: Record<string, unknown> = {}
  for (const [name, item] of Object.entries(value)) if (item !== undefined) kept[name] = item
  return kept
}
