/**
 * Runs a statement, and throws the driver's own error in place of the one that a library put around it: its SQLSTATE is what tells what
 * happened, and a wrapper's message may hold the values.
 */
export async function unwrapped<Result>(
  work: PromiseLike<Result>,
  driverErrorOf: (error: object) => unknown,
): Promise<Result> {
  try {
    return await work
  } catch (error) {
    const inner = isObject(error) ? driverErrorOf(error) : undefined
    throw inner ?? error
  }
}

export const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null

export const propertyOf = (value: unknown, name: string): unknown =>
  isObject(value) ? Reflect.get(value, name) : undefined
