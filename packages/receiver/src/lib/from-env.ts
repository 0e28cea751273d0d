import { WebhookError } from '@posthorn/schema'
import type { SecretProvider } from './secrets'

export interface FromEnvOptions {
  /** Where to look; default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * Reads secrets from an environment variable, when a request comes and not before, so that a build may import the route without it.
 * Several secrets, as during a rotation, are separated by blanks or commas.
 *
 * The answer to a request is 503 `secrets_unavailable` while the variable is missing or empty, and the log names it.
 *
 * @throws TypeError when `name` is empty.
 * @example
 * createReceiver({ secrets: fromEnv('WEBHOOK_SECRET'), … })
 */
export function fromEnv(name: string, options: FromEnvOptions = {}): SecretProvider {
  if (typeof name !== 'string' || name.trim() === '') {
    throw new TypeError('fromEnv: give the name of the environment variable')
  }
  return () => {
    const secrets = (read(name, options) ?? '').split(/[\s,]/).filter((part) => part !== '')
    if (secrets.length > 0) return secrets
    throw new WebhookError(
      'config',
      `Set the environment variable ${name} to the signing secret.`,
      {
        details: { variable: name },
      },
    )
  }
}

function read(name: string, options: FromEnvOptions): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } }
  return (options.env ?? process?.env)?.[name]
}
