import { once } from 'node:events'
import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Express } from 'express'

/** Listens on the loopback address. A port that is still taken is waited for, up to about two seconds. */
export async function listen(app: Express, port: number, tries = 20): Promise<Server> {
  const server = app.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return server
  } catch (error) {
    if (tries <= 1) throw error
    await sleep(100)
    return listen(app, port, tries - 1)
  }
}
