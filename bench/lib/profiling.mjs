/** Arguments of a process under which it writes a CPU profile, where `BENCH_PROFILE=<folder>` asks for them; a later one of the same name replaces it. */
export function profiling(name) {
  const folder = process.env.BENCH_PROFILE
  if (folder === undefined) return []
  const file = `${name.replaceAll(/\W+/g, '-')}.cpuprofile`
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${file}`]
}
