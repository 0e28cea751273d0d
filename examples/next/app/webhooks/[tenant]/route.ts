import { toNextRoute } from '@posthorn/receiver/next'
import { receiver } from '../../../src/webhooks'

export const POST = toNextRoute(receiver)
