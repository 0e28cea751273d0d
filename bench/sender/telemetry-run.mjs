// One measurement of bench/sender/telemetry.mjs, in a process of its own: what is registered with OpenTelemetry stays registered.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as api from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { createSender } from '@posthorn/sender'
import { memoryStore } from '@posthorn/sender/memory'
import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'
import { body } from '../lib/event.mjs'
import { startResponder } from '../lib/server.mjs'

const places = { memory: openMemory, sqlite: openDatabase }
const tenants = 100
const data = { text: body(1_000).toString() }

process.once('message', async ({ place, watch, events }) => {
  const opened = await places[place]()
  const sender = createSender({ ...opened.options, ...telemetryOf(watch) })
  await sender.migrate()
  for (const tenant of each(tenants))
    await sender.tenant(tenant).endpoints.create({ url: opened.url, eventTypes: ['*'] })
  await deliver(sender, events / 4)
  const before = process.cpuUsage()
  await deliver(sender, events)
  const { user, system } = process.cpuUsage(before)
  const { succeeded } = await sender.operator.statistics()
  if (succeeded !== events * 1.25) throw new Error(`${succeeded} deliveries succeeded`)
  await sender.stop()
  await opened.close()
  process.send({ cpuMicros: (user + system) / events })
  process.disconnect()
})

/** Sends with 100 callers, and delivers what they sent. */
async function deliver(sender, events) {
  let left = events
  const caller = async () => {
    while (left-- > 0)
      await sender.tenant(`tenant_${left % tenants}`).send({ type: 'run.completed', data })
  }
  await Promise.all(Array.from({ length: 100 }, caller))
  await sender.deliverDue()
}

const each = (count) => Array.from({ length: count }, (_, index) => `tenant_${index}`)

/** A store and a transport that cost next to nothing: what is left is the sender. */
async function openMemory() {
  const outcome = {
    kind: 'response',
    status: 204,
    durationMs: 1,
    headers: {},
    body: new Uint8Array(),
    truncated: false,
  }
  const transport = { send: async () => outcome, close: async () => {} }
  return {
    options: { store: memoryStore(), transport },
    url: 'https://example.com/',
    close: async () => {},
  }
}

async function openDatabase() {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'))
  const server = await startResponder()
  return {
    options: {
      store: sqliteStore(await openSqlite(join(folder, 'posthorn.db'))),
      network: { development: true, ports: 'any' },
      worker: { perEndpoint: 100 },
    },
    url: `${server.origin}/`,
    async close() {
      await server.close()
      rmSync(folder, { recursive: true })
    },
  }
}

function telemetryOf({ sampler, measureBy }) {
  if (sampler === undefined) return {}
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const exporter = { export: (_, done) => done({ code: 0 }), shutdown: async () => {} }
  const tracerProvider = new BasicTracerProvider({
    sampler: sampler === 'all' ? new AlwaysOnSampler() : new AlwaysOffSampler(),
    spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: 1_000_000 })],
  })
  const reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(AggregationTemporality.DELTA),
  })
  const meterProvider = new MeterProvider({ readers: [reader] })
  return { telemetry: { api, tracerProvider, meterProvider, measureBy } }
}
