import { expect, it } from 'vitest'
import { joinPath } from './path'

it.each([
  ['data', [], 'data'],
  ['', [], ''],
  ['data', ['steps', 0, 'name'], 'data.steps[0].name'],
  ['', ['a', 'b'], 'a.b'],
  ['', [0, 'a'], '[0].a'],
  ['data', ['a b', 'é', '0', ''], 'data["a b"]["é"]["0"][""]'],
  ['data', ['$x_1', '__proto__'], 'data.$x_1.__proto__'],
  ['data', [Symbol('s')], 'data[Symbol(s)]'],
])('%s and %o', (root, keys, path) => {
  expect(joinPath(root, keys)).toBe(path)
})
