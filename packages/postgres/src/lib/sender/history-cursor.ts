import { WebhookError } from '@posthorn/schema'

/**
 * Where a reader of a history is. It reads in rounds: a round goes through all that `snapshot` sees and `base`, the snapshot of the round
 * before, did not see, in the order of recording. So what is committed behind a reader comes in its next round, and nothing comes twice.
 */
export type HistoryPlace =
  | { readonly at: 'start'; readonly base?: string }
  | {
      readonly at: 'within'
      readonly base?: string
      readonly snapshot: string
      readonly time: number
      readonly seq: number
    }

export function toCursor(place: HistoryPlace): string {
  const { base = '' } = place
  return place.at === 'start'
    ? `history:/${base}`
    : `history:${place.time}-${place.seq}/${base}/${place.snapshot}`
}

/** @throws WebhookError `invalid_argument` when it is none that `toCursor` gave. */
export function fromCursor(cursor: string | undefined): HistoryPlace {
  if (cursor === undefined) return { at: 'start' }
  const starting = /^history:\/(.+)$/.exec(cursor)?.[1]
  if (starting !== undefined) return { at: 'start', base: checked(starting) }
  const [, time, seq, base, snapshot] =
    /^history:(\d{1,15})-(\d{1,15})\/([\d:,]*)\/([\d:,]+)$/.exec(cursor) ?? []
  if (snapshot === undefined) throw malformed()
  return {
    at: 'within',
    time: Number(time),
    seq: Number(seq),
    snapshot: checked(snapshot),
    ...(base && { base: checked(base) }),
  }
}

/** As Postgres writes a `pg_snapshot`: `xmin:xmax:` and those between that were under way, ascending. */
function checked(snapshot: string): string {
  const [, min = '0', max = '0', list = ''] =
    /^(\d{1,18}):(\d{1,18}):((?:\d{1,18},)*\d{1,18})?$/.exec(snapshot) ?? []
  const open = list === '' ? [] : list.split(',').map(BigInt)
  const ascending = open.every((one, index) => one >= (open[index - 1] ?? BigInt(min)))
  const last = open.at(-1)
  const inside = last === undefined || last < BigInt(max)
  if (BigInt(min) > 0n && BigInt(min) <= BigInt(max) && ascending && inside) return snapshot
  throw malformed()
}

const malformed = (): WebhookError =>
  new WebhookError('invalid_argument', 'The cursor is not one that this list gave.')
