import type { MigrationSet } from './migrate'
import * as receiver0001 from './receiver-0001'
import * as receiver0002 from './receiver-0002'
import * as receiver0003 from './receiver-0003'
import * as sender0001 from './sender-0001'
import * as sender0002 from './sender-0002'
import * as sender0003 from './sender-0003'
import * as sender0004 from './sender-0004'
import * as sender0005 from './sender-0005'

export const senderMigrations: MigrationSet = {
  part: 'sender',
  migrations: [sender0001, sender0002, sender0003, sender0004, sender0005],
}

export const receiverMigrations: MigrationSet = {
  part: 'receiver',
  migrations: [receiver0001, receiver0002, receiver0003],
}
