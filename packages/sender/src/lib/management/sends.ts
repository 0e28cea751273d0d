import { refusal } from '../checks'
import { type EventToSend, type PreparedEvent, prepare } from '../sending/prepare'
import { only, type SendResult } from '../sending/send'
import type { TenantContext } from './context'
import { enqueue, type TransactionOption, writesInTransaction } from './transactions'

const invalid = refusal('invalid_argument')

/** How a tenant's events get in, each with the trace it is part of, where the host asked for traces. */
export function createSends(context: TenantContext) {
  const { tenantId, options, store, telemetry } = context
  const { events, maxPayloadBytes } = options
  const prepareOne = async (event: EventToSend): Promise<PreparedEvent> => {
    context.refuseIfStopped()
    return prepare({ events, maxPayloadBytes, now: context.now }, tenantId, event)
  }
  const prepareTraced = async (event: EventToSend): Promise<PreparedEvent> =>
    telemetry === undefined
      ? prepareOne(event)
      : telemetry.tracing.prepare(tenantId, event, prepareOne)
  const sendMany = async (
    list: readonly EventToSend[],
    transaction: TransactionOption = {},
  ): Promise<readonly SendResult[]> => {
    if (!Array.isArray(list)) throw invalid('events', 'must be an array')
    const isInside = writesInTransaction(store.host, transaction)
    const prepared = await Promise.all(Array.from(list, prepareTraced))
    const record = () => recorded(context, prepared, isInside ? transaction : undefined)
    return telemetry === undefined ? record() : telemetry.tracing.batch(tenantId, prepared, record)
  }
  const sendOne = async (
    event: EventToSend,
    transaction: TransactionOption = {},
  ): Promise<SendResult> => {
    const isInside = writesInTransaction(store.host, transaction)
    const record = async (prepared: PreparedEvent) =>
      only(await recorded(context, [prepared], isInside ? transaction : undefined))
    return telemetry === undefined
      ? record(await prepareOne(event))
      : telemetry.tracing.send(tenantId, event, prepareOne, record)
  }
  return { prepare: prepareTraced, send: sendOne, sendMany }
}

/** Writes prepared events: in the host's transaction, or in one shared with others that are sent at the same time. */
async function recorded(
  context: TenantContext,
  prepared: readonly PreparedEvent[],
  transaction: TransactionOption | undefined,
): Promise<readonly SendResult[]> {
  if (transaction !== undefined) return enqueue(context, prepared, transaction)
  return Promise.all(prepared.map((event) => context.inserter.add(event)))
}
