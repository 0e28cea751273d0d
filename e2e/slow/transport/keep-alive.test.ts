import { expect, it } from 'vitest'
import { attempt, openTransport, until } from '../../transport/harness'
import { answer, rawServer } from '../../transport/raw-server'

it.each([
  ['nothing', '', 4_000],
  ['ten minutes', 'Keep-Alive: timeout=600\r\n', 25_000],
])('D9: an idle socket of a peer that says %s is closed in time', async (_title, header, ms) => {
  const server = await rawServer(answer(`HTTP/1.1 200 OK\r\n${header}Content-Length: 0\r\n\r\n`))
  const transport = openTransport()
  const began = performance.now()
  await transport.send(attempt(`http://127.0.0.1:${server.port}/`))
  expect(await until(() => server.open() === 0, ms + 1_000)).toBe(true)
  expect(performance.now() - began).toBeGreaterThan(ms - 100)
  await transport.close()
  await server.close()
})
