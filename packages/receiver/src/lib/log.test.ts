import { WebhookError } from '@posthorn/schema'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { retryLater } from './handler'
import { safeLog } from './log'
import { type RefusalCode, refusalStatus } from './result'
import { completed, recordingLogger, SECRET, setUp, signed } from './test-support'

afterEach(() => vi.restoreAllMocks())

const codes = Object.keys(refusalStatus) as RefusalCode[]

describe('the log of a refusal', () => {
  it('has what is needed to find it, and neither body nor secret', async () => {
    const { receiver, lines } = setUp()
    const error = new Error('down')
    receiver.on('run.completed', () => Promise.reject(error))
    await receiver.receive(await signed())
    expect(lines).toStrictEqual([
      {
        level: 'error',
        message: 'Webhook handler failed; the sender will try again.',
        fields: {
          code: 'handler_failed',
          status: 500,
          messageId: completed.id,
          type: 'run.completed',
          err: error,
        },
      },
    ])
    expect(JSON.stringify(lines)).not.toContain(SECRET)
  })

  it('has the paths of what is wrong, not the validator words, which may quote the data', async () => {
    const { receiver, lines } = setUp()
    receiver.on('run.completed', () => {})
    await receiver.receive(await signed({ ...completed, data: { runId: 7, durationMs: 'x' } }))
    expect(lines[0]?.fields).toEqual({
      code: 'invalid_data',
      status: 422,
      messageId: completed.id,
      type: 'run.completed',
      paths: ['data.runId', 'data.durationMs'],
    })
  })

  it('says nothing of what was handled', async () => {
    const { receiver, lines } = setUp()
    receiver.on('run.completed', () => {})
    await receiver.receive(await signed())
    await receiver.receive(await signed())
    expect(lines).toEqual([])
  })

  it.each([
    ['error', codes.filter((code) => refusalStatus[code] >= 500 && code !== 'handler_retry')],
    ['warn', codes.filter((code) => refusalStatus[code] === 422)],
    ['info', codes.filter((code) => refusalStatus[code] < 422).concat(['handler_retry'])],
  ])('is at level %s', (level, some) => {
    expect(some.length).toBeGreaterThan(3)
    for (const code of some) {
      const { lines, logger } = recordingLogger()
      safeLog(logger).refused({ kind: 'refused', code })
      expect(lines, code).toStrictEqual([
        {
          level,
          message: expect.stringMatching(/^Webhook .+\.$/),
          fields: { code, status: refusalStatus[code] },
        },
      ])
    }
  })

  it('adds the fix', () => {
    const { lines, logger } = recordingLogger()
    safeLog(logger).refused({ kind: 'refused', code: 'body_not_raw', fix: 'Mount it first.' })
    expect(lines[0]?.message).toMatch(/before it reached the receiver\. Mount it first\.$/)
  })
})

describe('without a logger', () => {
  it('warnings and errors go to the console, the rest nowhere', () => {
    const error = vi.spyOn(console, 'error').mockReturnValue()
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const info = vi.spyOn(console, 'info').mockReturnValue()
    const log = safeLog()
    log.refused({ kind: 'refused', code: 'body_not_raw' })
    log.refused({ kind: 'refused', code: 'id_reused' })
    log.refused({ kind: 'refused', code: 'signature_mismatch' })
    log.logger.debug({}, 'nothing')
    log.logger.info({}, 'nothing')
    expect(error.mock.calls).toEqual([
      [expect.stringContaining('not verified'), { code: 'body_not_raw', status: 500 }],
    ])
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining('another body'), { code: 'id_reused', status: 422 }],
    ])
    expect(info).not.toHaveBeenCalled()
  })
})

describe('onError', () => {
  it('is told of every refusal, as an error with its cause', async () => {
    const onError = vi.fn()
    const { receiver } = setUp({ onError })
    const cause = new Error('down')
    receiver.on('run.completed', () => Promise.reject(cause))
    await receiver.receive(await signed())
    const [error, info] = onError.mock.calls[0] ?? []
    expect(WebhookError.is(error, 'handler_failed')).toBe(true)
    expect(error.cause).toBe(cause)
    expect(info).toStrictEqual({
      code: 'handler_failed',
      status: 500,
      messageId: completed.id,
      type: 'run.completed',
    })
    await receiver.receive({ headers: {}, body: new Uint8Array() })
    const [refused, about] = onError.mock.lastCall ?? []
    expect(refused.code).toBe('missing_header')
    expect(refused.details).toStrictEqual({})
    expect(refused).not.toHaveProperty('cause')
    expect(about).toStrictEqual({ code: 'missing_header', status: 400 })
  })

  it('is told where the data is wrong', async () => {
    const onError = vi.fn()
    const { receiver } = setUp({ onError })
    receiver.on('run.completed', () => {})
    await receiver.receive(await signed({ ...completed, data: {} }))
    expect(onError.mock.calls[0]?.[0].details).toEqual({
      issues: [expect.objectContaining({ path: 'data.runId' })],
    })
  })

  it('and the logger may fail, at once or later, and change nothing', async () => {
    const fail = () => {
      throw new Error('disk full')
    }
    const failLater = () => Promise.reject(new Error('disk full'))
    for (const broken of [fail, failLater]) {
      const logger = { debug: broken, info: broken, warn: broken, error: broken }
      const { receiver } = setUp({ logger, onError: broken })
      receiver.on('run.completed', () => {
        throw retryLater('1s')
      })
      expect((await receiver.receive(await signed())).body).toBe('{"code":"handler_retry"}')
    }
    await new Promise((next) => setImmediate(next))
  })
})
