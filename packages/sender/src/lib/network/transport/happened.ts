import type { Socket } from 'node:net'

/** Resolves with the event, rejects with the error or the end that comes before it. */
export function happened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const closed = () => reject(Object.assign(new Error('closed at once'), { code: 'ECONNRESET' }))
    const forget = () => {
      socket.off(event, done).off('error', failed).off('close', closed)
    }
    const done = () => {
      forget()
      resolve()
    }
    const failed = (error: Error) => {
      forget()
      reject(error)
    }
    socket.once(event, done).once('error', failed).once('close', closed)
  })
}
