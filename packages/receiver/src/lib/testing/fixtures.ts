import type { AnyCatalogue, EventTypeOf } from '@posthorn/schema'
import { createTestEvent, type TestData, type TestEvent } from './create-test-event'

/** One event of each type. */
export type Fixtures<Catalogue extends AnyCatalogue> = {
  readonly [Type in EventTypeOf<Catalogue>]: TestEvent<Type, TestData<Catalogue, Type>>
}

/**
 * An event of each type of a catalogue, made of its examples: fixed ids and times, the same each time.
 *
 * @throws TypeError when a type has no example.
 * @example
 * const { 'run.completed': completed } = fixturesOf(events)
 * const result = await deliver(receiver, completed, { secret })
 */
export function fixturesOf<Catalogue extends AnyCatalogue>(events: Catalogue): Fixtures<Catalogue> {
  const made = events.types.map((type) => [
    type,
    createTestEvent<AnyCatalogue, string>(events, type),
  ])
  // The types of a catalogue are the names of its definitions.
  return Object.freeze(Object.fromEntries(made)) as Fixtures<Catalogue>
}
