import { toNextApi } from '@posthorn/receiver/next'
import { receiver } from '../../src/webhooks'

// Next would parse the body, and the signature is over the bytes that came.
export const config = { api: { bodyParser: false } }

export default toNextApi(receiver)
