import { fakeClock } from '@posthorn/sender/testing'
import { expect, it } from 'vitest'
import type { Fault } from './faults'
import { createLoopback } from './loopback'

const request = {
  url: 'https://receiver.example/',
  headers: {},
  body: new Uint8Array(0),
  timeoutMs: 15_000,
  captureBytes: 100,
}

it.each<Fault>([{ kind: 'hang' }, { kind: 'slow', by: '5s' }])(
  'closing a loopback ends an attempt that waits ($kind), and brings the receiver nothing more',
  async (fault) => {
    const received: unknown[] = []
    const receiver = {
      receive: (request: unknown) => {
        received.push(request)
        return Promise.reject(new Error('not reached'))
      },
    }
    const loopback = createLoopback({ clock: fakeClock(), receiver, nextFault: () => fault })
    const under = loopback.send(request)
    await loopback.close()
    expect(await under).toMatchObject({
      errorClass: 'network',
      code: 'transport_closed',
      blame: 'sender',
    })
    expect(await loopback.send(request)).toMatchObject({ errorClass: 'config' })
    expect(received).toEqual([])
    expect(loopback.waitsUntil).toBeUndefined()
  },
)
