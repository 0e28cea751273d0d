// Compiles every TypeScript example: ```ts blocks of README.md, ARCHITECTURE.md, CONTRIBUTING.md, docs/** and
// packages/*/README.md, and those inside the doc comments of packages/*/src/**.
//
//   ```ts                  a module of its own
//   ```ts file=events.ts   a module the other blocks of that page can import
//   ```ts continues        goes on where the block before it ended
//   ```ts ignore           pseudo-code, not compiled
import { basename, dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { extractBlocks } from './lib/doc-blocks.mjs'
import { filesUnder, listPackages, root } from './lib/workspace.mjs'

const pages = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'].map((name) => join(root, name)),
  ...filesUnder(join(root, 'docs')),
  ...filesUnder(join(root, 'decisions')),
  ...listPackages().flatMap(({ dir }) => [join(dir, 'README.md'), ...filesUnder(join(dir, 'src'))]),
].filter((path) => path.endsWith('.md') || (path.endsWith('.ts') && !path.endsWith('.test.ts')))

const modules = new Map()
let ignored = 0
let compiled = 0
for (const page of pages) addPage(page)

const problems = diagnostics().map(describe)
for (const problem of problems) console.error(problem)
const skipped = ignored === 0 ? '' : `, ${ignored} marked as pseudo-code`
console.log(`${compiled} examples compiled${skipped}, ${problems.length} problems`)
if (problems.length > 0) process.exitCode = 1

function addPage(page) {
  // Beside the page, so that what it imports is found from there.
  const folder = join(dirname(page), `${basename(page)}.examples`)
  let current
  for (const block of extractBlocks(page)) {
    if (block.flags.has('ignore')) {
      ignored += 1
      continue
    }
    compiled += 1
    const continues = block.flags.has('continues') && current !== undefined
    if (!continues) current = { page, lines: [] }
    for (const [index, text] of block.lines.entries()) {
      current.lines.push({ text, line: block.line + index })
    }
    if (!continues) modules.set(join(folder, block.file ?? `line-${block.line}.ts`), current)
  }
}

function diagnostics() {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config,
    { ...ts.sys, readDirectory: () => [] },
    root,
  )
  const host = ts.createCompilerHost(options)
  const { directoryExists, fileExists, readFile, getSourceFile } = host
  const folders = new Set([...modules.keys()].map(dirname))
  const textOf = (path) => {
    const module = modules.get(path)
    return module && `${module.lines.map(({ text }) => text).join('\n')}\nexport {}\n`
  }
  host.directoryExists = (path) => folders.has(path) || directoryExists(path)
  host.fileExists = (path) => modules.has(path) || fileExists(path)
  host.readFile = (path) => textOf(path) ?? readFile(path)
  host.getSourceFile = (path, language, ...more) => {
    const text = textOf(path)
    if (text === undefined) return getSourceFile(path, language, ...more)
    return ts.createSourceFile(path, text, language)
  }
  const program = ts.createProgram([...modules.keys()], options, host)
  const sources = [...modules.keys()].map((path) => program.getSourceFile(path))
  return [
    ...program.getGlobalDiagnostics(),
    ...sources.flatMap((source) => [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ]),
  ]
}

function describe({ file, start, messageText }) {
  const message = ts.flattenDiagnosticMessageText(messageText, '\n')
  const module = file && modules.get(file.fileName)
  if (module === undefined) return message
  const { line } = ts.getLineAndCharacterOfPosition(file, start)
  const at = module.lines[Math.min(line, module.lines.length - 1)]?.line
  return `${relative(root, module.page)}:${at} ${message}`
}
