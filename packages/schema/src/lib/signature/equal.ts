/**
 * Whether two texts are the same, in a time that depends on their length only: no branch and no look-up inside the loop
 * is decided by a character. False for unequal lengths; never throws.
 *
 * Of texts, because Node makes a digest as text a quarter faster than one as a Buffer, which `timingSafeEqual` wants.
 */
export function equalInConstantTime(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let index = 0; index < a.length; index += 1) {
    difference |= a.charCodeAt(index) ^ b.charCodeAt(index)
  }
  return difference === 0
}
