import { cpus, totalmem } from 'node:os'
import { median, ratios, spread } from './statistics.mjs'

/** Rows of text as a markdown table. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [
    line(head),
    line(head.map((_, column) => (column === 0 ? '---' : '---:'))),
    ...rows.map(line),
  ].join('\n')
}

/** What was run on what, and when: without it a figure says nothing. */
export function machine() {
  const [cpu] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `Node ${process.version} on ${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, ${memory} GiB; \`${command()}\``
}

function command() {
  const { npm_lifecycle_event: script } = process.env
  const given = process.argv.slice(script === undefined ? 2 : 3)
  return script === undefined
    ? `node bench/run.mjs ${given.join(' ')}`
    : `npm run ${script}${given.length === 0 ? '' : ` -- ${given.join(' ')}`}`
}

/**
 * The figures `key` of each variant beside those of `baseline`, a name or a function from name to name: medians, the ratio of a round, and how far
 * the ratios spread. A dash where there is no figure.
 */
export function compare(results, { key, baseline, digits = 0 }) {
  const nameOf = typeof baseline === 'function' ? baseline : () => baseline
  const valuesOf = (name) => (results.get(name) ?? []).map((figures) => figures[key])
  return [...results.keys()].map((name) => {
    const values = valuesOf(name)
    const shares = ratios(values, valuesOf(nameOf(name)))
    return {
      name,
      value: fixed(median(values), digits),
      ratio: median(shares),
      spread: spread(shares),
    }
  })
}

/** A number as text, a dash for none. */
export const fixed = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : '–')

/** The median ratio of a figure of two variants, round by round; undefined unless both were measured. */
export function ratioOf(results, key, name, baseline) {
  const [values, base] = [name, baseline].map((each) => results.get(each))
  if (values === undefined || base === undefined) return undefined
  return median(
    ratios(
      values.map((figures) => figures[key]),
      base.map((figures) => figures[key]),
    ),
  )
}

export const percent = (share) => (Number.isFinite(share) ? `±${Math.round(share * 50)} %` : '–')

/** A target as one line that says whether it was met. */
export function verdict(what, value, { least, most }) {
  const met = least === undefined ? value < most : value >= least
  const bound = least === undefined ? `below ${most}` : `at least ${least}`
  return `- ${met ? 'met' : 'MISSED'}: ${what}: ${value.toFixed(2)} (target: ${bound})`
}
