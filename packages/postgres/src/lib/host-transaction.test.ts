import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { hostTransaction } from './host-transaction'

/** A connection of `pg`'s pool, which says that it was lost by an event, as nobody waits for an answer. */
class Connection extends EventEmitter {
  readonly ran: string[] = []
  released: boolean | undefined
  #lost = false

  lose(): void {
    this.#lost = true
    this.emit('error', new Error('Connection terminated unexpectedly'))
  }

  async query(text: string) {
    if (this.#lost) throw new Error('Client has encountered a connection error')
    this.ran.push(text)
    return { rows: [] }
  }

  release(broken?: boolean): void {
    this.released = broken
  }
}

const poolOf = (connection: Connection) => ({
  query: (text: string) => connection.query(text),
  connect: async () => connection,
})

it('survives the loss of a connection while the host does something else', async () => {
  const connection = new Connection()
  const lost = hostTransaction(poolOf(connection), async (tx) => {
    connection.lose()
    return tx
  })
  await expect(lost).rejects.toMatchObject({ name: 'WebhookError' })
  expect(connection.released).toBe(true)
})

it('gives the connection back as it was', async () => {
  const connection = new Connection()
  expect(await hostTransaction(poolOf(connection), async () => 'done')).toBe('done')
  expect(connection.ran).toEqual(['BEGIN ISOLATION LEVEL READ COMMITTED', 'COMMIT'])
  expect(connection.released).toBe(false)
  expect(connection.listenerCount('error')).toBe(0)
})
