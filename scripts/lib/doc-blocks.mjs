import { existsSync, readFileSync } from 'node:fs'

const fence = /^(\s*)(`{3,})(\S*)\s*(.*)$/

/** The TypeScript blocks of a page: `{ line, lines, flags, file }`, `line` being where the first of `lines` stands. */
export function extractBlocks(path) {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split(/\r?\n/)
  return fencedBlocks(path.endsWith('.ts') ? docCommentLines(lines) : lines)
}

function fencedBlocks(lines) {
  const blocks = []
  let open
  for (const [index, text] of lines.entries()) {
    const found = fence.exec(text)
    if (open === undefined) {
      if (found) open = openBlock(found, index)
    } else if (found && found[2].length >= open.ticks && found[3] === '') {
      if (open.language === 'ts' || open.language === 'typescript') blocks.push(open)
      open = undefined
    } else {
      open.lines.push(text.startsWith(open.indent) ? text.slice(open.indent.length) : text)
    }
  }
  return blocks
}

function openBlock([, indent, ticks, language, info], index) {
  const words = info.split(/\s+/).filter(Boolean)
  const file = words.find((word) => word.startsWith('file='))?.slice('file='.length)
  // Lines count from 1, and the code starts on the line after the fence.
  return {
    line: index + 2,
    lines: [],
    flags: new Set(words),
    file,
    indent,
    ticks: ticks.length,
    language,
  }
}

/** The text inside the doc comments; every other line becomes empty, so that line numbers hold. */
function docCommentLines(lines) {
  let inside = false
  return lines.map((text) => {
    if (/^\s*\/\*\*/.test(text)) inside = true
    const kept = inside ? text.replace(/^\s*\/?\*{1,2}( |$)/, '').replace(/\*\/\s*$/, '') : ''
    if (text.includes('*/')) inside = false
    return kept
  })
}
