import { defineConfig } from 'tsup'
import { packageBuild, sources } from '../../tsup.base'

export default defineConfig(
  packageBuild(sources('index', 'memory', 'network', 'operations', 'sharded', 'store', 'testing'), {
    // p-retry is ESM only: CommonJS gets it bundled, ESM imports it.
    noExternal: ['p-retry'],
    esbuildOptions(options, { format }) {
      if (format === 'esm') options.external = [...(options.external ?? []), 'p-retry']
    },
  }),
)
