export {
  type NextApiRequest,
  type NextRouteContext,
  toNextApi,
  toNextRoute,
} from './lib/adapters/next'
