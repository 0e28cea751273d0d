// What the rest of this host knows of bpmn-engine's listener: plain data, read off at once, before the engine moves on.

/** One emission of the engine's listener. */
export interface EngineSignal {
  /** As `activity.start` or `process.end`. */
  readonly topic: string
  readonly at: string
  readonly element: EngineElement
  /** When the timer that was set fires. */
  readonly dueAt?: string
  readonly error?: EngineError
}

export interface EngineElement {
  readonly id: string
  readonly name: string
  /** As `bpmn:ServiceTask`. */
  readonly type: string
}

export interface EngineError {
  readonly message: string
  readonly code?: string
}

/** The part of bpmn-engine's element API that is read. */
export interface ElementApi {
  readonly id: string
  readonly name?: string
  readonly owner: { readonly type: string }
  readonly content: { readonly expireAt?: unknown; readonly error?: unknown }
}

export function readSignal(topic: string, api: ElementApi, now: Date): EngineSignal {
  const dueAt = readDate(api.content.expireAt)
  const error = readError(api.content.error)
  return {
    topic,
    at: now.toISOString(),
    // The API's own `type` is that of an event's definition (a timer, an error); its owner is the element in the diagram.
    element: { id: api.id, name: api.name ?? api.id, type: api.owner.type },
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(error === undefined ? {} : { error }),
  }
}

function readDate(value: unknown): string | undefined {
  return value instanceof Date ? value.toISOString() : undefined
}

function readError(value: unknown): EngineError | undefined {
  if (!(value instanceof Error)) return undefined
  const code: unknown = Object.getOwnPropertyDescriptor(value, 'code')?.value
  return typeof code === 'string' ? { message: value.message, code } : { message: value.message }
}
