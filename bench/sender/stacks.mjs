const all = ['drain', 'single', 'latency']
const byHand = {
  sqlite: 'outbox by hand on SQLite, batched',
  postgres: 'outbox by hand on Postgres, batched',
}

/** What is measured beside which: a row for each, in this order. */
export const names = {
  byHand,
  posthorn: { sqlite: 'Posthorn on SQLite', postgres: 'Posthorn on Postgres' },
  limit: 'the durable limit on SQLite',
  commit: 'outbox by hand on Postgres, a commit each',
  bullmq: 'BullMQ on Redis',
  graphile: 'graphile-worker on Postgres',
  pgBoss: 'pg-boss on Postgres',
}

/**
 * `file` in `stacks/`; `store`, what it needs to run and whose CPU time it causes; `scenarios`, where it is measured; `baseline`, what its ratios are
 * to; `options`, further ones for its `open`; `transactional`, whether it can send in a transaction of the host.
 */
export const stacks = [
  stack(byHand.sqlite, 'outbox-sqlite', 'sqlite', { scenarios: [...all, 'backlog'] }),
  stack(names.limit, 'durable-limit', 'sqlite'),
  stack('undici `dispatch` alone, nothing durable', 'undici', 'sqlite', { scenarios: ['drain'] }),
  stack(names.posthorn.sqlite, 'posthorn-sqlite', 'sqlite', { scenarios: [...all, 'backlog'] }),
  stack(byHand.postgres, 'outbox-postgres', 'postgres', {
    scenarios: [...all, 'backlog'],
    transactional: true,
  }),
  stack(names.commit, 'outbox-postgres', 'postgres', {
    scenarios: ['single'],
    options: { grouped: false },
  }),
  stack(names.posthorn.postgres, 'posthorn-postgres', 'postgres', {
    scenarios: [...all, 'backlog'],
    transactional: true,
  }),
  stack(names.bullmq, 'bullmq', 'redis'),
  stack(names.graphile, 'graphile-worker', 'postgres'),
  stack(names.pgBoss, 'pg-boss', 'postgres'),
]

function stack(name, file, store, further = {}) {
  const baseline = store === 'sqlite' ? byHand.sqlite : byHand.postgres
  return {
    name,
    file,
    store,
    baseline,
    scenarios: all,
    options: {},
    transactional: false,
    ...further,
  }
}

/** Those whose name holds one of the parts, each with its baseline. */
export function choose(only) {
  const parts = only.split(',').map((part) => part.trim())
  const chosen = stacks.filter(({ name }) => parts.some((part) => name.includes(part)))
  const wanted = new Set(chosen.flatMap(({ name, baseline }) => [name, baseline]))
  return stacks.filter(({ name }) => wanted.has(name))
}
