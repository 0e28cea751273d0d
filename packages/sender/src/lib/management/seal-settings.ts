import type { EndpointRecord } from '../model/endpoint'
import type { SecretBox, SecretOwner } from '../secrets'
import { sealCredentials } from './endpoint-credentials'
import { sealHeaders } from './endpoint-headers'
import type { SettingsPatch } from './endpoint-input'

/** What is secret in checked settings, sealed. Headers that are given replace all there were, sealed ones too. */
export async function sealSettings(
  box: SecretBox,
  owner: SecretOwner,
  patch: SettingsPatch,
  before: Pick<EndpointRecord, 'sealedHeaders'> = {},
): Promise<SettingsPatch> {
  const { sensitiveHeaders } = patch
  const credentials = await sealCredentials(box, owner, patch)
  if (sensitiveHeaders === undefined) return credentials
  const sealedHeaders = await sealHeaders(box, owner, sensitiveHeaders, before.sealedHeaders)
  return { ...credentials, sealedHeaders }
}
