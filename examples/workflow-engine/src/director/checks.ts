import type { Counts } from './counts'
import type { Forgery } from './scenes/forgery'

/** One thing that must hold at the end. */
export interface Check {
  readonly what: string
  readonly ok: boolean
  /** Both sides of it, for the report. */
  readonly found: string
}

/** What was done on purpose, beside letting the host send. */
export interface Deeds {
  readonly runsOrdered: number
  readonly replaysAsSame: number
  readonly replaysAsNew: number
  readonly forgery: Forgery
}

export function check(counts: Counts, deeds: Deeds): readonly Check[] {
  const { runs, events, deliveries, attempts, handled, outcomes } = counts
  const { replaysAsSame, replaysAsNew, forgery } = deeds
  const transitions = runs.reduce((sum, run) => sum + run.transitions, 0)
  const succeeded = deliveries.filter(({ status }) => status === 'succeeded').length
  const repeated = 1
  // What was answered too late, or to a host that was dead, arrived without the host's knowing.
  const unknown = outcomes.handled + outcomes.duplicate - attempts.succeeded - repeated
  return [
    equal('runs = runs ordered', runs.length, deeds.runsOrdered),
    equal("the host's own transitions = events sent", transitions, events.length),
    equal('transitions told twice = 0', doubles(events.map(({ transition }) => transition)), 0),
    equal(
      'deliveries = events + replays',
      deliveries.length,
      events.length + replaysAsSame + replaysAsNew,
    ),
    equal('deliveries succeeded = deliveries', succeeded, deliveries.length),
    equal('handled = events + replays as new', handled.length, events.length + replaysAsNew),
    equal('messages handled twice = 0', doubles(handled), 0),
    equal('events not handled = 0', notHandled(counts), 0),
    equal('answered as handled = handled', outcomes.handled, handled.length),
    between(
      'arrived without an answer <= attempts without one',
      unknown,
      0,
      attempts.timedOut + attempts.cutOff,
    ),
    equal('runs the application sees otherwise = 0', differingRuns(counts), 0),
    same('the repeated message', forgery.repeated, 200, 'duplicate'),
    same('the tampered message', forgery.tampered, 401, 'signature_mismatch'),
    equal('refused for their signature = 1', outcomes.refused.signature_mismatch ?? 0, 1),
  ]
}

/** The host's runs that the application does not know, or knows in another status. */
function differingRuns({ runs, seenRuns }: Counts): number {
  return runs.filter(({ id, status }) => seenRuns.get(id) !== status).length
}

function notHandled({ events, handled }: Counts): number {
  const ids = new Set(handled)
  return events.filter(({ id }) => !ids.has(id)).length
}

export function doubles(values: readonly string[]): number {
  return values.length - new Set(values).size
}

export function equal(what: string, left: number, right: number): Check {
  return { what, ok: left === right, found: `${left} = ${right}` }
}

function between(what: string, value: number, least: number, most: number): Check {
  return { what, ok: value >= least && value <= most, found: `${value} <= ${most}` }
}

function same(
  what: string,
  found: { readonly status: number; readonly code: string },
  status: number,
  code: string,
): Check {
  return {
    what: `${what} was answered ${status} ${code}`,
    ok: found.status === status && found.code === code,
    found: `${found.status} ${found.code}`,
  }
}
