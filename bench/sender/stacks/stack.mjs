/**
 * One way to deliver webhooks durably: a file beside this that exports `open(place) → Stack`, and a line in `../stacks.mjs`.
 *
 * `place` is `{ folder, database, redis, prefix, origin, concurrency, onDelivered }`: what the stack keeps its data in (a folder, the URL of a Postgres
 * database, or that of a Redis and what its keys begin with), and where it delivers to. It opens again what an earlier process has left there. An event is `{ id, type,
 * timestamp, data }`. `origin` answers every POST with 204. Each request is signed as Standard Webhooks asks and carries the event's id as
 * `webhook-id`; each attempt is logged.
 *
 * @typedef {object} Stack
 * @property {(event: object) => Promise<unknown>} send durable when it resolves
 * @property {(event: object) => Promise<unknown>} [sendInTransaction] the same in a transaction of the host
 * @property {(events: object[]) => Promise<unknown>} sendMany as `send`, for up to 500 at once
 * @property {() => unknown} [start] begins to deliver; `onDelivered()` is called for each delivery whose success is durable
 * @property {() => Promise<unknown>} close lets what is under way end
 */
