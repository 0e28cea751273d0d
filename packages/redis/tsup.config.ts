import { defineConfig } from 'tsup'
import { packageBuild, sources } from '../../tsup.base'

export default defineConfig(packageBuild(sources('receiver')))
