/**
 * One way to deliver webhooks durably. A further one (Postgres, BullMQ, pg-boss, …) is a file beside this that exports
 * `open({ folder, origin, concurrency, onDelivered }) → Stack`, and a line in `../bench.mjs`.
 *
 * An event is `{ id, type, timestamp, data }`. `origin` answers every POST with 204. Each request is signed as Standard Webhooks asks and
 * carries the event's id as `webhook-id`; each attempt is logged.
 *
 * @typedef {object} Stack
 * @property {(event: object) => Promise<unknown>} send durable when it resolves
 * @property {(events: object[]) => Promise<unknown>} sendMany as `send`, for up to 500 at once
 * @property {() => void} start begins to deliver; `onDelivered()` is called for each delivery whose success is durable
 * @property {() => Promise<unknown>} close
 */
