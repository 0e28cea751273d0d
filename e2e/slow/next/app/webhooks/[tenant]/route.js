// What the test mounted: Next runs in its process.
const answer = (request, context) => globalThis.posthornMounted(request, context)

export const GET = answer
export const HEAD = answer
export const POST = answer
export const PUT = answer
export const PATCH = answer
export const DELETE = answer
export const OPTIONS = answer
