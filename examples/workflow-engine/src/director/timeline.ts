/** Where lines go: `process.stdout` fits. */
export interface Output {
  readonly isTTY?: boolean
  write(text: string): unknown
}

export type Actor = 'host' | 'app' | 'operator' | 'attacker'

/** Tells what happens, each line with the seconds since the start. */
export interface Timeline {
  scene(title: string): void
  say(actor: Actor, text: string): void
  /** A line without a time. */
  print(text: string): void
  readonly paint: Paint
}

/** Colours on a terminal; plain text elsewhere. */
export interface Paint {
  bold(text: string): string
  dim(text: string): string
  green(text: string): string
  red(text: string): string
}

export function createTimeline(output: Output, now: () => number): Timeline {
  const startedAt = now()
  const paint = createPaint(output.isTTY === true && process.env.NO_COLOR === undefined)
  const print = (text: string) => void output.write(`${text}\n`)
  const time = () => paint.dim(`${((now() - startedAt) / 1_000).toFixed(2).padStart(6)} s`)
  let scenes = 0
  return {
    paint,
    print,
    scene(title) {
      scenes += 1
      print(`\n${time()}  ${paint.bold(`${scenes}. ${title}`)}`)
    },
    say: (actor, text) => print(`${time()}  ${paint.dim(actor.padEnd(9))} ${text}`),
  }
}

function createPaint(coloured: boolean): Paint {
  const style = (code: number) => (text: string) =>
    coloured ? `\x1b[${code}m${text}\x1b[0m` : text
  return { bold: style(1), dim: style(2), green: style(32), red: style(31) }
}
