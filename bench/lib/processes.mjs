import { readdirSync, readFileSync } from 'node:fs'

// The kernel counts in hundredths of a second on every common machine.
const microsPerTick = 10_000

/** CPU time of a process and its children so far, with those that have ended and been waited for. Linux only; NaN elsewhere. */
export function treeCpuMicros(root) {
  try {
    const all = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap(statOf)
    const own = all.find(({ pid }) => pid === root)
    const children = all.filter(({ parent }) => parent === root)
    const ticks = children.reduce((sum, child) => sum + child.ticks, own.ticks + own.endedTicks)
    return ticks * microsPerTick
  } catch {
    return Number.NaN
  }
}

/** See proc(5): the fields after the name, which may hold anything. */
function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [user, system, endedUser, endedSystem] = fields.slice(11, 15).map(Number)
    return [
      {
        pid: Number(pid),
        parent: Number(fields[1]),
        ticks: user + system,
        endedTicks: endedUser + endedSystem,
      },
    ]
  } catch {
    return []
  }
}
