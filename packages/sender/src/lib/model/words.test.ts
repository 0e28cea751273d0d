import { expect, it } from 'vitest'
import {
  attemptClasses,
  deliveryStatuses,
  failureReasons,
  finalStatuses,
  skipReasons,
} from './delivery'
import { disabledReasons, endpointStatuses, orderPolicies } from './endpoint'
import { eventStates } from './event'

it('keeps the words that databases hold: one may be added, none renamed or dropped', () => {
  const words = {
    deliveryStatuses,
    finalStatuses,
    skipReasons,
    failureReasons,
    attemptClasses,
    eventStates,
    endpointStatuses,
    disabledReasons,
    orderPolicies,
  }
  const lists = Object.entries(words).map(([name, list]) => `${name}: ${list.join(' ')}`)
  expect(lists).toEqual([
    'deliveryStatuses: pending delivering succeeded failed skipped canceled',
    'finalStatuses: succeeded failed skipped canceled',
    'skipReasons: disabled filtered',
    'failureReasons: exhausted gone aborted forbidden_address poison config',
    'attemptClasses: success http timeout dns network tls protocol forbidden_address config',
    'eventStates: recorded fanned_out invalid',
    'endpointStatuses: enabled paused disabled',
    'disabledReasons: manual gone failing requested unverified',
    'orderPolicies: block proceed',
  ])
})
