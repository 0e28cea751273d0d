export type { StoreLaw } from './lib/testing/contract/laws'
export {
  type ContractRunner,
  type StoreContext,
  type StoreSuite,
  storeContract,
} from './lib/testing/contract/suite'
export { type FakeClock, fakeClock } from './lib/testing/fake-clock'
export {
  type RecordedAnswer,
  type RecordedRequest,
  type RecordedResponse,
  type RecordingTransport,
  type Responder,
  recordingTransport,
} from './lib/testing/recording-transport'
