import { createHmac } from 'node:crypto'
import Stripe from 'stripe'

const secret = 'whsec_posthorn_bench'

/** Checks a timestamp, as the schemes above do; signs no id. */
export function open({ body, timestamp }) {
  const stripe = new Stripe('sk_test_bench')
  const digest = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')
  const header = `t=${timestamp},v1=${digest}`
  return (request) => stripe.webhooks.constructEvent(request.body, header, secret)
}
