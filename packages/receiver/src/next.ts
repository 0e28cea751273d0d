export { type NextApiRequest, toNextApi } from './lib/adapters/next-api'
export { type NextRouteContext, toNextRoute } from './lib/adapters/next-route'
