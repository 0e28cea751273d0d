import type { Sleep } from './hints'

/** The part of a connection that listens: a `pg` `Client` that is not connected yet fits. */
export interface PgListenerLike {
  connect(): Promise<unknown>
  query(text: string): PromiseLike<unknown>
  on(event: 'notification', listener: (message: PgNotification) => void): unknown
  on(event: 'error' | 'end', listener: () => void): unknown
  end(): Promise<unknown>
}

export interface PgNotification {
  readonly payload?: string | undefined
}

export interface ListeningParts {
  /** Opens a further connection, each time anew. */
  readonly open: () => PgListenerLike
  readonly channel: string
  /** Whether a payload is one that this process sent. */
  readonly isOwn: (payload: string | undefined) => boolean
  readonly sleep: Sleep
}

/**
 * Keeps one connection that listens, for as long as somebody is subscribed: connects again when it is lost, after 100 ms and then ever longer, up
 * to 5 s. Whoever is subscribed is told after each connect too, for what was sent meanwhile was not heard.
 */
export function createListening(parts: ListeningParts): (listener: () => void) => () => void {
  const listeners = new Set<() => void>()
  const tell = (): void => {
    for (const listener of listeners) listener()
  }
  let ending: AbortController | undefined
  return (listener) => {
    listeners.add(listener)
    if (ending === undefined) {
      ending = new AbortController()
      void keepListening(parts, tell, ending.signal)
    }
    return () => {
      listeners.delete(listener)
      if (listeners.size > 0) return
      ending?.abort()
      ending = undefined
    }
  }
}

async function keepListening(
  parts: ListeningParts,
  tell: () => void,
  signal: AbortSignal,
): Promise<void> {
  let pause = 100
  while (!signal.aborted) {
    const listened = await listenOnce(parts, tell, signal).catch(() => false)
    if (listened) pause = 100
    await parts.sleep(pause, signal)
    pause = Math.min(pause * 2, 5_000)
  }
}

/** Until the connection is gone or the signal is aborted; answers whether it ever listened. */
async function listenOnce(
  { open, channel, isOwn }: ListeningParts,
  tell: () => void,
  signal: AbortSignal,
): Promise<boolean> {
  const client = open()
  let listening = false
  const over = new AbortController()
  const gone = new Promise<void>((resolve) => {
    client.on('error', resolve)
    client.on('end', resolve)
    signal.addEventListener('abort', () => resolve(), { once: true, signal: over.signal })
  })
  client.on('notification', ({ payload }) => {
    if (!isOwn(payload)) tell()
  })
  const begin = async (): Promise<void> => {
    await client.connect()
    await client.query(`LISTEN ${channel}`)
    listening = true
    tell()
    await gone
  }
  try {
    await Promise.race([begin(), gone])
  } finally {
    over.abort()
    await client.end().catch(() => {})
  }
  return listening
}
