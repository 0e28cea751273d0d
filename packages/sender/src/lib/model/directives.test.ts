import { describe, expect, it } from 'vitest'
import { parseDirectives } from './directives'

describe('the header webhook-delivery', () => {
  it.each([
    ['disable', true, false],
    ['DISABLE', true, false],
    ['abort-message', false, true],
    ['Abort-Message', false, true],
    [' disable ', true, false],
    ['abort-message, disable', true, true],
    ['later, disable', true, false],
  ])('"%s" is read in any case and company', (header, disable, abort) => {
    expect(parseDirectives(header)).toStrictEqual({ disable, abort })
  })

  it.each([undefined, '', ',', 'enable', 'disabled', 'disable;now', 'abort', 'abort message'])(
    '%o says nothing',
    (header) => {
      expect(parseDirectives(header)).toStrictEqual({ disable: false, abort: false })
    },
  )
})
