import { spawn, spawnSync } from 'node:child_process'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import { aetherflow } from '@posthorn/schema/vendors/aetherflow'
import { b3os } from '@posthorn/schema/vendors/b3os'
import express from 'express'
import { describe, expect, it } from 'vitest'
import { answersTo, closing, SECRET, senderOf, serve } from './bed'

const systems = [
  ['B3OS', b3os, 'x-b3os-signature', 'run.completed'],
  ['AetherFlow', aetherflow, 'X-AetherFlow-Signature', 'workflow.completed'],
] as const

/** The receivers that these systems' documentation has people write, in three languages. */
const snippets = [
  ['Express', undefined, (header: string) => serve(expressReceiver(header))],
  ['Python', 'python3', (header: string) => run('python3', ['receiver.py', header])],
  ['Go', 'go', (header: string) => run('go', ['run', 'receiver.go', header])],
] as const

function expressReceiver(header: string) {
  const processed = new Set<string>()
  return express().post('/webhooks', express.raw({ type: '*/*' }), (request, response) => {
    const expected = createHmac('sha256', SECRET).update(request.body).digest('hex')
    const received = request.get(header) ?? ''
    const isEqual =
      received.length === expected.length &&
      timingSafeEqual(Buffer.from(received), Buffer.from(expected))
    if (!isEqual) return void response.status(401).send('bad signature')
    const { id, event, type } = JSON.parse(request.body.toString())
    if (processed.has(id)) return void response.send('already processed')
    processed.add(id)
    response.send(event ?? type)
  })
}

/** The address of a receiver that prints its port once it listens. */
async function run(command: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, WEBHOOK_SECRET: SECRET }
  const options = { cwd: import.meta.dirname, env, detached: true } as const
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  // The group, since `go run` is the parent of what listens.
  closing(() => child.pid !== undefined && process.kill(-child.pid))
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(String(text).trim()))
    child.once('exit', (code) => reject(new Error(`${join(command, ...args)} ended with ${code}`)))
  })
  return `http://127.0.0.1:${port}/webhooks`
}

function isThere(command: string): boolean {
  const found = spawnSync(command, [command === 'go' ? 'version' : '--version']).status === 0
  // Python belongs to every machine that proves everything; Go is tried where it is.
  if (found || (process.env.CI && command === 'python3')) return true
  console.warn(`skipped: there is no ${command} on this machine`)
  return false
}

describe.each(snippets)('the receiver in %s', (_language, command, start) => {
  const isHere = command === undefined || isThere(command)

  it.skipIf(!isHere).each(systems)(
    '%s: accepts what our sender signs, and tells copies and forgeries',
    async (_name, system, header, type) => {
      const url = await start(header)
      const sender = senderOf(system)
      const right = await sender.endpoints.create({ url, eventTypes: ['*'], secret: SECRET })
      await sender.endpoints.create({ url, eventTypes: ['*'], secret: 'another' })
      await sender.send({ type, data: system.events.definition(type)?.example } as never)
      await sender.deliverDue()
      const { items } = await sender.deliveries.list({})
      expect(items).toHaveLength(2)
      for (const { id, endpointId, status } of items) {
        if (endpointId !== right.endpoint.id) {
          expect(status).toBe('pending')
          // Go ends what it says of an error with a line break.
          const answers = await answersTo(sender, id)
          expect(answers.map((answer) => answer.trim())).toEqual(['401 bad signature'])
          continue
        }
        expect(await answersTo(sender, id)).toEqual([`200 ${type}`])
        const { id: copy } = await sender.deliveries.replay(id)
        await sender.deliverDue()
        expect(await answersTo(sender, copy)).toEqual(['200 already processed'])
      }
    },
  )
})
