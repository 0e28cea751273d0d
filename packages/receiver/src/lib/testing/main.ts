export type { Attack } from './attacks/attack'
export { type AttackOptions, attackCorpus } from './attacks/corpus'
export { type AttackFailure, runAttacks } from './attacks/run'
export {
  type ContractRunner,
  type IdempotencyLaw,
  type IdempotencySuite,
  type IdempotencySuiteContext,
  idempotencyContract,
  idempotencyLaws,
} from './contract/contract'
export { type Crash, crashAfterClaim } from './crash-after-claim'
export {
  createTestEvent,
  type TestData,
  type TestEvent,
  type TestEventOverrides,
} from './create-test-event'
export { deliver, deliverConcurrently } from './deliver'
export { type FakeClock, fakeClock } from './fake-clock'
export { type Fixtures, fixturesOf } from './fixtures'
export { type InboxLaw, type InboxSuite, inboxContract, inboxLaws } from './inbox/contract'
export {
  type AnswerLike,
  type MatcherResult,
  type WebhookMatchers,
  webhookMatchers,
} from './matchers'
export {
  type OrderLaw,
  type OrderSuite,
  orderContract,
  orderLaws,
} from './order/contract'
export type { OrderSuiteHost } from './order/host'
export { type SignOptions, signTestRequest, type TestRequest } from './sign-test-request'
