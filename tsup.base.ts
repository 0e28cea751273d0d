import type { Options } from 'tsup'

/** What every package's build shares: one file per `exports` entry, once as ESM and once as CommonJS. */
export function packageBuild(entry: Readonly<Record<string, string>>, overrides: Options = {}) {
  return {
    entry: { ...entry },
    format: ['esm', 'cjs'],
    target: 'node20',
    dts: true,
    clean: true,
    // Shared modules (error classes, registries) must exist once per format, not once per entry.
    splitting: true,
    treeshake: true,
    // The output is readable as it is.
    sourcemap: false,
    // `node:sqlite` has no name without its prefix.
    removeNodeProtocol: false,
    ...overrides,
  } satisfies Options
}

/** Entries named as their source: `src/<name>.ts`. */
export function sources(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, `src/${name}.ts`]))
}
