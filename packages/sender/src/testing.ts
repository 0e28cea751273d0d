export { type FakeClock, fakeClock } from './lib/testing/fake-clock'
