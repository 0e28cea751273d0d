import { describe, expect, it } from 'vitest'
import { toBindings } from './knex'

describe('parameters for Knex', () => {
  it('come in the order of their places, as often as they are named', () => {
    expect(toBindings('SELECT $2::text, $1::text, $2::text', ['a', 'b'])).toEqual({
      sql: 'SELECT ?::text, ?::text, ?::text',
      bindings: ['b', 'a', 'b'],
    })
  })

  it('leave question marks of the statement, and what is no parameter, as they are', () => {
    expect(toBindings("SELECT '{}'::jsonb ? $1, $2", ['a'])).toEqual({
      sql: "SELECT '{}'::jsonb \\? ?, $2",
      bindings: ['a'],
    })
  })
})
