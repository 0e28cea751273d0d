import type { Options } from 'tsup'

/** What every package's build shares: one file per `exports` entry, once as ESM and once as CommonJS. */
export function packageBuild(entry: readonly string[], overrides: Options = {}): Options {
  return {
    entry: Object.fromEntries(entry.map((name) => [name, `src/${name}.ts`])),
    format: ['esm', 'cjs'],
    target: 'node20',
    dts: true,
    clean: true,
    // Shared modules (error classes, registries) must exist once per format, not once per entry.
    splitting: true,
    treeshake: true,
    sourcemap: true,
    // `node:sqlite` has no name without its prefix.
    removeNodeProtocol: false,
    ...overrides,
  }
}
