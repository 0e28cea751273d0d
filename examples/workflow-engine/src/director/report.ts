import type { Check } from './checks'
import type { Counts } from './counts'
import type { Timeline } from './timeline'

/** Prints the table of counts and the checks; answers whether all of them hold. */
export function printReport(timeline: Timeline, counts: Counts, checks: readonly Check[]): boolean {
  const { paint, print } = timeline
  print(`\n${paint.bold('Counts')}`)
  for (const [name, count, detail] of table(counts)) {
    print(`  ${name.padEnd(12)}${String(count).padStart(8)}  ${paint.dim(detail)}`)
  }
  return printChecks(timeline, checks)
}

/** Prints what was checked; answers whether all of it holds. */
export function printChecks({ paint, print }: Timeline, checks: readonly Check[]): boolean {
  print(`\n${paint.bold('Checks')}`)
  for (const { what, ok, found } of checks) {
    print(`  ${ok ? paint.green('ok    ') : paint.red('FAILED')}  ${what}  ${paint.dim(found)}`)
  }
  return checks.every(({ ok }) => ok)
}

type Row = readonly [name: string, count: number, detail: string]

function table({ runs, events, deliveries, attempts, handled, outcomes }: Counts): readonly Row[] {
  return [
    ['runs', runs.length, tally(runs.map(({ status }) => status))],
    ['events', events.length, 'recorded in the transactions that moved the runs'],
    ['deliveries', deliveries.length, tally(deliveries.map(({ status }) => status))],
    [
      'attempts',
      attempts.begun,
      `${attempts.succeeded} succeeded, ${attempts.failed} failed, ${attempts.cutOff} cut off by the kill`,
    ],
    ['handled', handled.length, 'by the application, each once'],
    ['duplicates', outcomes.duplicate, 'arrived again and were not handled again'],
    ['refused', outcomes.refused.signature_mismatch ?? 0, 'with a wrong signature'],
  ]
}

/** As `20 completed, 1 failed`. */
function tally(words: readonly string[]): string {
  const counted = new Map<string, number>()
  for (const word of words) counted.set(word, (counted.get(word) ?? 0) + 1)
  return [...counted].map(([word, count]) => `${count} ${word}`).join(', ')
}
