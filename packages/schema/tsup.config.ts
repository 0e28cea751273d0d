import { defineConfig } from 'tsup'
import { packageBuild, sources } from '../../tsup.base'

const vendors = ['stripe', 'github', 'slack', 'shopify', 'b3os', 'aetherflow', 'honeyframe']

const core = {
  ...sources('index'),
  'hmac-node': 'src/lib/hmac/node.ts',
  'hmac-web': 'src/lib/hmac/web.ts',
}

export default defineConfig([
  // `#hmac` stays in the output: the consumer's runtime or bundler picks the implementation.
  packageBuild(core, { external: ['#hmac'] }),
  // What builds on the main entry is built apart. What it shares with it would otherwise be cut into a dozen small files, and each is
  // read whenever the package is imported.
  packageBuild(sources('signature', 'zod', ...vendors.map((vendor) => `vendors/${vendor}`)), {
    external: [/^@posthorn\/schema/],
    clean: false,
  }),
])
