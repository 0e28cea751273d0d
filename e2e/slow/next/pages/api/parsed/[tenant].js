// As the other, but with the body parser that Next has unless told otherwise.
export default (request, response) => globalThis.posthornMounted(request, response)
