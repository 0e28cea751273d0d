export { compact } from './lib/compact'
export { areAllClaimed } from './lib/model/all-claimed'
export { type BirthLease, bornLeased, isOpenTo } from './lib/model/born-leased'
export {
  attemptClasses,
  deliveryStatuses,
  failureReasons,
  finalStatuses,
  skipReasons,
} from './lib/model/delivery'
export { disabledReasons, endpointStatuses, orderPolicies } from './lib/model/endpoint'
export { eventStates } from './lib/model/event'
export { outdated } from './lib/model/outdated'
export { dueAfter, opensAt, type Pace, paceOf, startsAllowed } from './lib/model/pace'
export { type Transitioned, transitioned } from './lib/stores/transition'
