export {
  type ContractRunner,
  type IdempotencyContract,
  type IdempotencyLaw,
  idempotencyContract,
  idempotencyLaws,
} from './contract/contract'
export { type FakeClock, fakeClock } from './fake-clock'
