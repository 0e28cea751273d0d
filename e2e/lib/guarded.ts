import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<unknown>

/** A listener that takes time: where it fails, as when the client goes in the middle of a body, it ends that connection and nothing else. */
export const guarded =
  (listener: Listener): RequestListener =>
  (request, response) => {
    listener(request, response).catch(() => response.destroy())
  }
