import { Pool } from 'undici'
import { payload, signedByHand } from './request.mjs'

/** What a careful application writes: `request()` with a deadline, and the body drained. */
export function open({ origin, lanes, deadline }) {
  const pool = new Pool(origin, { connections: lanes, pipelining: 1 })
  return {
    async send() {
      const signal = deadline ? AbortSignal.timeout(15_000) : undefined
      const options = { path: '/', method: 'POST', headers: signedByHand(), body: payload, signal }
      const response = await pool.request(options)
      await response.body.dump()
      return response.statusCode
    },
    close: () => pool.destroy(),
  }
}
