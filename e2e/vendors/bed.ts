import { createServer, type RequestListener } from 'node:http'
import type { AnyCatalogue, Envelope } from '@posthorn/schema'
import type { Scheme } from '@posthorn/schema/signature'
import { createSender } from '@posthorn/sender'
import { memoryStore } from '@posthorn/sender/memory'
import { afterEach } from 'vitest'
import { listen } from '../adapters/listen'

interface System {
  readonly scheme: Scheme
  readonly envelope: Envelope
  readonly events?: AnyCatalogue
}

/** As these systems hand out secrets: text, not `whsec_`. */
export const SECRET = '6f1d3c0a9b2e4857a1c4d7e0f3b6a9c26f1d3c0a9b2e4857a1c4d7e0f3b6a9c2'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

export function closing(close: () => unknown): void {
  open.push(close)
}

/** The address of a server that lives as long as the test. */
export async function serve(listener: RequestListener): Promise<string> {
  const { port, close } = await listen(createServer(listener))
  closing(close)
  return `http://127.0.0.1:${port}/webhooks`
}

/** Our sender, sending as the system does. */
export function senderOf({ scheme, envelope, events }: System) {
  const sender = createSender({
    store: memoryStore(),
    ...(events && { events }),
    signing: { schemes: [scheme], envelope: envelope.name, envelopes: [envelope] },
    network: { development: true },
  })
  closing(() => sender.stop())
  return sender
}

/** What the attempts of a delivery were answered: status and text. */
export async function answersTo(
  sender: ReturnType<typeof senderOf>,
  deliveryId: string,
): Promise<readonly string[]> {
  const attempts = await sender.deliveries.attempts(deliveryId)
  const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)
  return attempts.map(({ status, responseBody }) => `${status} ${text(responseBody)}`)
}
