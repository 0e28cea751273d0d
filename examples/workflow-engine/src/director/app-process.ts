import { startChild } from './child'
import type { Stage } from './stage'

export interface AppOptions {
  readonly file: string
  readonly port: number
  readonly secret: string
}

/** The application, in a process of its own. */
export interface AppProcess {
  stop(): Promise<void>
}

export async function startApp(stage: Stage, options: AppOptions): Promise<AppProcess> {
  let ready = false
  const child = startChild(stage, {
    script: 'receiver-app.ts',
    args: [options.file, String(options.port)],
    env: { WEBHOOK_SECRET: options.secret },
    onMessage: () => {
      ready = true
    },
  })
  await stage.until('the application to listen', () => ready)
  return { stop: child.stop }
}
