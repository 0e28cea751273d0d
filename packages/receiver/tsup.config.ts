import { defineConfig } from 'tsup'
import { packageBuild, sources } from '../../tsup.base'

const adapters = ['fetch', 'node', 'express', 'fastify', 'koa', 'nest', 'next', 'lambda']

export default defineConfig(packageBuild(sources('index', 'memory', ...adapters, 'testing')))
