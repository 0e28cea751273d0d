import { fork } from 'node:child_process'
import { profiling } from './profiling.mjs'

const childFile = new URL('child.mjs', import.meta.url)

/**
 * Runs every variant once per round, each time in a fresh process, so that none inherits another's compiled code or heap. Every other round
 * goes backwards: what slows the machine down over time then meets all alike.
 *
 * A variant is `{ name, module, settings }`; its module exports `run(settings)`, which answers an object of numbers. With `onFailure` one that
 * fails is told and left out from then on, instead of ending the run.
 *
 * @returns for each name, the figures of each round
 */
export async function runRounds(variants, { rounds, onFailure }) {
  const results = new Map(variants.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? variants : [...variants].reverse()
    for (const variant of order.filter(({ name }) => results.has(name))) {
      try {
        results.get(variant.name).push(await runInChild(variant))
      } catch (error) {
        if (onFailure === undefined) throw error
        results.delete(variant.name)
        onFailure(error)
      }
    }
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  return results
}

// A stack that hangs must not take the run with it.
const timeout = 30 * 60_000

export function runInChild({ name, module, settings = {}, execArgv = [] }) {
  return new Promise((resolve, reject) => {
    const child = fork(childFile, { execArgv: [...execArgv, ...profiling(name)], timeout })
    let figures
    child.on('message', (message) => {
      figures = message
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (code === 0 && figures !== undefined) resolve(figures)
      else reject(new Error(`${name} ended with ${signal ?? code} and no figures`))
    })
    child.send({ module: String(module), settings })
  })
}
