// Prints `<passed> <failed> <skipped>` of a vitest JSON report. A file that could not run at all is one failure.
import { existsSync } from 'node:fs'
import { readJson } from './lib/workspace.mjs'

const [report] = process.argv.slice(2)
if (report === undefined || !existsSync(report)) process.exit(1)
const { testResults, ...counts } = readJson(report)
const broken = testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
)
console.log(
  counts.numPassedTests,
  counts.numFailedTests + broken.length,
  counts.numPendingTests + counts.numTodoTests,
)
