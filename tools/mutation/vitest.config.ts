import { defineConfig, mergeConfig } from 'vitest/config'
import base from '../../vitest.config'

const { projects: _projects, ...test } = base.test ?? {}

/** The unit tests alone, without projects: what mutation testing runs once for every change it makes. */
export default mergeConfig(
  defineConfig({ ...base, test }),
  defineConfig({ test: { include: ['packages/**/src/**/*.test.ts'] } }),
)
