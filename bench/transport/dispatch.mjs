import { Pool } from 'undici'
import { payload, plain, signedByHand } from './request.mjs'

/** The limit: undici's `dispatch` with a handler that keeps the status and nothing else. */
export function open({ origin, lanes, signed }) {
  const pool = new Pool(origin, { connections: lanes, pipelining: 1 })
  const headersOf = signed ? signedByHand : () => plain
  return {
    send: () =>
      new Promise((resolve, reject) => {
        const options = { path: '/', method: 'POST', headers: headersOf(), body: payload }
        pool.dispatch(options, new Answer(resolve, reject))
      }),
    close: () => pool.destroy(),
  }
}

class Answer {
  constructor(resolve, reject) {
    this.resolve = resolve
    this.reject = reject
    this.status = 0
  }

  onRequestStart() {}

  onResponseStart(_controller, status) {
    this.status = status
  }

  onResponseData() {}

  onResponseEnd() {
    this.resolve(this.status)
  }

  onResponseError(_controller, error) {
    this.reject(error)
  }
}
