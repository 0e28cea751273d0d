import { expect, it } from 'vitest'
import { checkTlsSettings, leafOf } from './tls-settings'

it('certificates that never end cost no more to refuse than their length', () => {
  const ca = '-----BEGIN CERTIFICATE-----'.repeat(2_427)
  const { user } = process.cpuUsage()
  for (let time = 0; time < 10; time += 1) {
    expect(checkTlsSettings({ ca })).toMatchObject({ field: 'ca' })
    expect(leafOf(ca)).toBeUndefined()
  }
  expect(process.cpuUsage().user - user).toBeLessThan(500_000)
})
