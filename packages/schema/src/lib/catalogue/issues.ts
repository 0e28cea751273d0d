import type { ValidationIssue } from '../event'
import { joinPath } from '../path'
import type { StandardIssue } from '../standard-schema'

/** A schema's own issues in our form, under `data`. At most 50: a hostile array must not fill a log. */
export function toIssues(issues: readonly StandardIssue[]): readonly ValidationIssue[] {
  return issues.slice(0, 50).map((issue) => ({
    path: joinPath('data', (issue.path ?? []).map(keyOf)),
    message: issue.message,
  }))
}

function keyOf(segment: PropertyKey | { readonly key: PropertyKey }): PropertyKey {
  return typeof segment === 'object' ? segment.key : segment
}
