import type { MigrationSet } from '../migrations/migrate'
import * as receiver0001 from '../migrations/receiver-0001'
import * as receiver0002 from '../migrations/receiver-0002'
import * as receiver0003 from '../migrations/receiver-0003'

export const receiverMigrations: MigrationSet = {
  part: 'receiver',
  migrations: [receiver0001, receiver0002, receiver0003],
}
