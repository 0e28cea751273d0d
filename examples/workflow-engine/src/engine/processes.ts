import { readFile } from 'node:fs/promises'

export const processIds = ['order', 'stockImport', 'refund'] as const

/** The id of a process, as its file says. */
export type ProcessId = (typeof processIds)[number]

export interface ProcessDefinition {
  readonly id: ProcessId
  readonly name: string
  /** In `processes/`. */
  readonly file: string
}

export const processes: Readonly<Record<ProcessId, ProcessDefinition>> = {
  order: { id: 'order', name: 'Order', file: 'order.bpmn' },
  stockImport: { id: 'stockImport', name: 'Stock import', file: 'failing.bpmn' },
  refund: { id: 'refund', name: 'Refund', file: 'cancelled.bpmn' },
}

/** The BPMN 2.0 XML of a process. */
export function readProcess({ file }: ProcessDefinition): Promise<string> {
  return readFile(new URL(`../../processes/${file}`, import.meta.url), 'utf8')
}
