import { type Attack, type Make, refused, withHeaders } from './attack'

/** Each header of the scheme absent, empty, doubled. */
export const headerAttacks: Make = ({ scheme, good }) =>
  scheme.headers.flatMap((name): readonly Attack[] => {
    const value = good.headers[name] ?? ''
    return [
      refused(`${name} absent`, withHeaders(good, { [name]: undefined })),
      refused(`${name} empty`, withHeaders(good, { [name]: '' })),
      // As servers join the values of a repeated header.
      refused(`${name} twice`, withHeaders(good, { [name]: `${value}, ${value}` })),
    ]
  })

/** The id of another message, and ids that no message has. */
export const idAttacks: Make = ({ scheme, good, event, now }) => {
  if (!scheme.covers.id) return []
  const [name] = Object.entries(good.headers).find(([, value]) => value === event.id) ?? []
  if (name === undefined) return []
  const as = (id: string) => withHeaders(good, { [name]: id })
  return [
    refused('another id', as(`${event.id}x`)),
    refused('an id with a dot', as(`${event.id}.x`)),
    refused('the boundary of id and time moved', as(`${event.id}.${now}`)),
    refused('an id of 100 KB', as('a'.repeat(100_000))),
  ]
}

/** A time too far away, and texts that are read as a time by a careless parser. */
export const timeAttacks: Make = async ({ scheme, good, now, sign }) => {
  if (!scheme.covers.time) return []
  const day = 86_400
  const text = String(now)
  const found = Object.entries(good.headers).find(([, value]) => value.includes(text))
  const odd: readonly (readonly [string, string])[] = [
    ['NaN', 'NaN'],
    ['infinite', 'Infinity'],
    ['with an exponent', `${text}e0`],
    ['in hex', `0x${now.toString(16)}`],
    ['with a fraction', `${text}.0`],
    ['negative', `-${text}`],
    ['with a sign', `+${text}`],
    ['with a leading zero', `0${text}`],
    ['in milliseconds', `${text}000`],
    ['with junk behind', `${text}abc`],
    ['a second later than was signed', String(now + 1)],
  ]
  return [
    refused('a time a day ago', await sign(good.body, { at: now - day })),
    refused('a time a day ahead', await sign(good.body, { at: now + day })),
    ...odd.flatMap(([name, value]) =>
      found === undefined
        ? []
        : [
            refused(
              `a time ${name}`,
              withHeaders(good, { [found[0]]: found[1].replace(text, () => value) }),
            ),
          ],
    ),
  ]
}
