import { WebhookError } from '@posthorn/schema'
import { checkFields } from '../checks'
import { newId } from '../model/ids'
import { randomBytes } from '../random-bytes'
import { fanOut } from '../sending/fan-out'
import { type PreparedEvent, prepare } from '../sending/prepare'
import { only, type SendResult } from '../sending/send'
import { whileBusy } from '../store-retry'
import type { TenantContext } from './context'
import { getRecord } from './endpoint-writes'

/** What a test sends. */
export interface TestOptions {
  /** A type of the catalogue, whose `example` is sent. Default: `webhook.test`, with a short text. */
  readonly type?: string
}

/** The event type of a test that names none. Every receiver acknowledges what it does not know. */
export const testEventType = 'webhook.test'

export async function sendTest(
  context: TenantContext,
  id: string,
  options: TestOptions,
): Promise<SendResult> {
  context.refuseIfStopped()
  checkFields('test', options, ['type'])
  const endpoint = await getRecord(context, id)
  if (endpoint.status === 'disabled') {
    throw new WebhookError(
      'invalid_endpoint',
      'The endpoint is disabled: enable it before testing it.',
    )
  }
  const event = await testEvent(context, options.type)
  const alone = { ...endpoint, eventTypes: ['*'] }
  const { filter: _filter, ...unfiltered } = alone
  const results = await whileBusy(() =>
    context.store.deliveries.insert([
      { ...event, fanOut: fanOut(context.fanOut, event, [unfiltered]) },
    ]),
  )
  context.wake()
  return only(results)
}

async function testEvent(context: TenantContext, type: string | undefined): Promise<PreparedEvent> {
  const { events, maxPayloadBytes } = context.options
  const id = newId('evt', context.now(), randomBytes)
  const common = { maxPayloadBytes, now: context.now }
  if (type === undefined) {
    const data = {
      message: 'A test: the endpoint can be reached and the signature can be checked.',
    }
    return prepare({ ...common, events: undefined }, context.tenantId, {
      id,
      type: testEventType,
      data,
    })
  }
  const definition = events?.definition(type)
  if (definition === undefined)
    throw new WebhookError('unknown_event_type', 'The catalogue has no such event type.')
  if (definition.example === undefined) {
    throw new WebhookError(
      'invalid_argument',
      `The event type "${type}" has no \`example\` in the catalogue to send.`,
    )
  }
  return prepare({ ...common, events }, context.tenantId, { id, type, data: definition.example })
}
