import type { NewRun } from '../host/runs'

/** Orders by number: every third card is declined, every second order is in a hurry. */
export function orders(from: number, to: number): readonly NewRun[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const number = from + index
    return {
      id: `order-${number}`,
      process: 'order',
      variables: { cardDeclined: number % 3 === 0, express: number % 2 === 0 },
    }
  })
}

/** A run that fails, and one that is cancelled. */
export const troubles: readonly NewRun[] = [
  { id: 'import-1', process: 'stockImport', variables: {} },
  { id: 'refund-1', process: 'refund', variables: {} },
]
