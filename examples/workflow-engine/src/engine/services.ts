import { setTimeout as sleep } from 'node:timers/promises'

// What the service tasks of the processes do. Real ones would call other systems; these take a moment and are as easily repeated.

/** What a process is started with, and its tasks read. */
export interface Variables {
  /** The card will be declined. */
  readonly cardDeclined?: boolean | undefined
  /** Ship by courier. */
  readonly express?: boolean | undefined
}

/** The part of the engine's scope that a service reads. */
interface Scope {
  readonly environment: { readonly variables: Variables }
}

type Callback = (error: Error | null, result?: unknown) => void
type Service = (scope: Scope, callback: Callback) => void

/** An error that a boundary event of the process may catch by its code. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

export const services: Readonly<Record<string, Service>> = {
  reserveStock: service(async () => sleep(40)),
  chargeCard: service(async ({ cardDeclined }) => {
    await sleep(60)
    if (cardDeclined) throw new ServiceError('CARD_DECLINED', 'The card was declined')
  }),
  sendInvoice: service(async () => sleep(20)),
  ship: service(async () => sleep(30)),
  download: service(async () => sleep(50)),
  parse: service(async () => {
    await sleep(10)
    throw new ServiceError('BAD_STOCK_LIST', 'The stock list has no header')
  }),
  payBack: service(async () => sleep(20)),
}

/** The engine's callback style around a promise. */
function service(work: (variables: Variables) => Promise<void>): Service {
  return (scope, callback) => {
    work(scope.environment.variables).then(
      () => callback(null),
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
    )
  }
}
