/** The middle value; of an even count, the mean of the two in the middle. NaN for none. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length % 2 === 1) return sorted[middle]
  return (sorted[middle - 1] + sorted[middle]) / 2
}

/** The value that a share of all values is at or below, by the nearest rank: always one of the values. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** How far the extremes lie apart, as a share of the median. */
export function spread(values) {
  return (Math.max(...values) - Math.min(...values)) / median(values)
}

/**
 * How `values` compare with the baseline, round by round: what disturbs the machine for a while disturbs both of a round, and falls out of
 * their ratio.
 */
export function ratios(values, baseline) {
  return values.map((value, round) => value / baseline[round])
}
