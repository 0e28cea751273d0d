import type { Bench } from './bench'

/** One sentence of the ports, as a test. Rejects when the store breaks it. */
export type Law = (bench: Bench) => Promise<void>

export type Laws = Readonly<Record<string, Law>>
