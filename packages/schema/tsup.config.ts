import { defineConfig } from 'tsup'
import { packageBuild, sources } from '../../tsup.base'

const vendors = ['stripe', 'github', 'slack', 'shopify', 'b3os', 'aetherflow', 'honeyframe']

const entry = {
  ...sources('index', 'signature', 'zod', ...vendors.map((vendor) => `vendors/${vendor}`)),
  'hmac-node': 'src/lib/hmac/node.ts',
  'hmac-web': 'src/lib/hmac/web.ts',
}

// `#hmac` stays in the output: the consumer's runtime or bundler picks the implementation.
export default defineConfig(packageBuild(entry, { external: ['#hmac'] }))
