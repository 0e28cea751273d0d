import { verdict } from '../../lib/report.mjs'
import { names } from '../stacks.mjs'

/**
 * Prints a line for each target of Posthorn on each store.
 *
 * @param targetsOf `(ours, store)` → `{ what, value, least | most }` of each target; without a value it was not measured
 */
export function verdicts(targetsOf) {
  for (const [store, ours] of Object.entries(names.posthorn))
    for (const { what, value, ...bound } of targetsOf(ours, store))
      if (Number.isFinite(value)) console.log(verdict(what, value, bound))
}
