import type { MigrationSet } from './migrate'
import * as receiver0001 from './receiver-0001'
import * as sender0001 from './sender-0001'

export const senderMigrations: MigrationSet = { part: 'sender', migrations: [sender0001] }

export const receiverMigrations: MigrationSet = { part: 'receiver', migrations: [receiver0001] }
