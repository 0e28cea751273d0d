import { defineConfig } from 'tsup'
import { packageBuild } from '../../tsup.base'

const { entry, ...build } = packageBuild(['index', 'signature', 'zod'])

export default defineConfig({
  ...build,
  entry: {
    ...(entry as Record<string, string>),
    'hmac-node': 'src/lib/hmac/node.ts',
    'hmac-web': 'src/lib/hmac/web.ts',
  },
  // Left in the output, so that the consumer's runtime or bundler picks the implementation.
  external: ['#hmac'],
})
