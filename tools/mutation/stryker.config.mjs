import { fileURLToPath } from 'node:url'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

/** Set by scripts/mutation.mjs: the files to mutate, as globs from the root of the workspace, and a folder of this run alone. */
const { mutate, folder } = JSON.parse(process.env.MUTATION)

export default {
  mutate: [...mutate, '!**/*.test.ts', '!**/*.samples.ts'],
  testRunner: 'vitest',
  vitest: { configFile: 'tools/mutation/vitest.config.ts', related: true },
  plugins: [here('./node_modules/@stryker-mutator/vitest-runner/dist/src/index.js')],
  coverageAnalysis: 'perTest',
  ignoreStatic: false,
  ignorePatterns: ['**/dist', '.tmp', 'coverage', 'docs', 'examples'],
  // The equivalent ones are listed in equivalent.json, not in comments all over the sources.
  disableTypeChecks: false,
  concurrency: 2,
  timeoutMS: 10_000,
  reporters: ['progress', 'json'],
  jsonReporter: { fileName: `${folder}/report.json` },
  tempDirName: `${folder}/sandbox`,
  cleanTempDir: 'always',
  allowEmpty: false,
}
