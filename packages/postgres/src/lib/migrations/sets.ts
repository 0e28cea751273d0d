import type { MigrationSet } from './migrate'
import * as sender0001 from './sender-0001'
import * as sender0002 from './sender-0002'
import * as sender0003 from './sender-0003'
import * as sender0004 from './sender-0004'
import * as sender0005 from './sender-0005'
import * as sender0006 from './sender-0006'
import * as sender0007 from './sender-0007'

export const senderMigrations: MigrationSet = {
  part: 'sender',
  migrations: [sender0001, sender0002, sender0003, sender0004, sender0005, sender0006, sender0007],
  after: 'make_partitions(3)',
}
