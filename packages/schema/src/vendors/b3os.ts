export { b3os } from '../lib/vendors/b3os'
