import { randomFillSync } from 'node:crypto'

const pool = new Uint8Array(4_096)
let used = pool.length

/** Random bytes for ids, drawn from a pool, because a call for ten bytes costs as much as one for thousands. Each byte is used once. */
export function randomBytes(count: number): Uint8Array {
  if (used + count > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const bytes = pool.slice(used, used + count)
  used += count
  return bytes
}
