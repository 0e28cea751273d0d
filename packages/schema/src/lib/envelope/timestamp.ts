const form =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** Whether `value` is a real moment in ISO 8601 as RFC 3339 profiles it: date, time to the second, and a zone. */
export function isTimestamp(value: string): boolean {
  const match = form.exec(value)
  if (match === null) return false
  return Number(match[3]) <= daysIn(Number(match[1]), Number(match[2]))
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
