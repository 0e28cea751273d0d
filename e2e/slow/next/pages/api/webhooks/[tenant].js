export const config = { api: { bodyParser: false } }

// What the test mounted: Next runs in its process.
export default (request, response) => globalThis.posthornMounted(request, response)
