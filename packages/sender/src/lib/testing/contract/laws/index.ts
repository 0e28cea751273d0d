import type { Laws } from '../law'
import { blockingLaws } from './blocking'
import { claimLaws } from './claim'
import { dueLaws } from './due'
import { endpointLaws } from './endpoints'
import { fairnessLaws } from './fairness'
import { handOverLaws } from './hand-over'
import { historyLaws } from './history'
import { insertLaws } from './insert'
import { leaseLaws } from './leases'
import { logLaws } from './log'
import { matchingLaws } from './matching'
import { orderLaws } from './order'
import { orderMatchingLaws } from './order-matching'
import { probingLaws } from './probing'
import { rateLaws } from './rate'
import { redeliverLaws } from './redeliver'
import { rememberedLaws } from './remembered'
import { retentionLaws } from './retention'
import { settleLaws } from './settle'
import { asyncHostLaws, storeLaws, syncHostLaws } from './store'
import { suspectLaws } from './suspects'
import { tenantLaws } from './tenants'
import { transitionLaws } from './transition'

export { asyncHostLaws, syncHostLaws }

/** Every law of the store ports, by its name. */
export const laws = {
  ...storeLaws,
  ...syncHostLaws,
  ...asyncHostLaws,
  ...insertLaws,
  ...matchingLaws,
  ...claimLaws,
  ...handOverLaws,
  ...suspectLaws,
  ...fairnessLaws,
  ...tenantLaws,
  ...probingLaws,
  ...rateLaws,
  ...orderLaws,
  ...orderMatchingLaws,
  ...blockingLaws,
  ...leaseLaws,
  ...settleLaws,
  ...redeliverLaws,
  ...dueLaws,
  ...logLaws,
  ...historyLaws,
  ...endpointLaws,
  ...transitionLaws,
  ...rememberedLaws,
  ...retentionLaws,
} satisfies Laws

/** The names of the laws: a misspelt one in `skip` does not compile. */
export type StoreLaw = keyof typeof laws
