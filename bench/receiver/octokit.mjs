import { sign, verify } from '@octokit/webhooks-methods'

const secret = 'posthorn-bench'

/** Of the body alone: no id, no timestamp. */
export async function open({ body }) {
  const text = body.toString()
  const signature = await sign(secret, text)
  return async (request) => {
    const received = request.body.toString()
    if (!(await verify(secret, received, signature))) throw new Error('forged')
    return JSON.parse(received)
  }
}
