export type { Faults } from './lib/faults'
export type { Exchange } from './lib/loopback'
export type { Testbed, TestbedOptions } from './lib/testbed'
export { createTestbed } from './lib/testbed'
