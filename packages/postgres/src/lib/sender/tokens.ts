import type { LeaseRef } from '@posthorn/sender'

/** A lease's token says which lane it is of, so that its end wakes the lane. */
export const tokenOf = (lane: number, token: string): string => `${lane}.${token}`

export interface Token {
  readonly lane: number
  /** As the database has it. */
  readonly text: string
}

/** Undefined for what `tokenOf` did not write: no lease is held by it. */
export function readToken({ token }: LeaseRef): Token | undefined {
  const [, lane, text] = /^(\d{1,15})\.(\d{1,18})$/.exec(token) ?? []
  return lane === undefined || text === undefined ? undefined : { lane: Number(lane), text }
}
