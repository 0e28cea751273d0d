/** A 24-byte key, as a `whsec_` secret and as bytes. */
export const key = Buffer.from('posthorn-bench-secret-24')
export const secret = `whsec_${key.toString('base64')}`

/** The body of a `run.completed` event of `bytes` bytes, the way a workflow engine would fill it: many small values. */
export function body(bytes, id = 'evt_0001') {
  const steps = []
  const event = () =>
    JSON.stringify({
      id,
      type: 'run.completed',
      timestamp: '2026-01-01T12:00:00.000Z',
      data: { runId: 'run_1', durationMs: 1834, steps, note: '' },
    })
  const step = (index) => ({
    name: `step-${index}`,
    status: index % 7 === 0 ? 'failed' : 'succeeded',
    durationMs: (index * 37) % 1000,
  })
  const stepBytes = JSON.stringify(step(1000)).length + 1
  const room = Math.floor((bytes - event().length) / stepBytes)
  for (let index = 0; index < room; index += 1) steps.push(step(index))
  const text = event()
  return Buffer.from(
    text.replace('"note":""', `"note":"${'x'.repeat(Math.max(0, bytes - text.length))}"`),
  )
}
