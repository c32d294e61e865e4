/**
 * Who may ask: checks of the Host and Origin headers.
 *
 * A page that some browser on this machine shows can reach loopback too. It cannot choose the Host header, so a name that
 * an attacker's DNS points here (DNS rebinding) is told by its name; and where CORS is off, its Origin gives it away, also
 * for the requests that browsers send without asking first, and for WebSockets.
 */
import { isIP } from 'node:net'

export interface AccessRules {
  /** Host names besides loopback's and IP addresses; lower case. */
  readonly allowedHosts: readonly string[]
  /** Origins whose pages may ask; `*` = all. */
  readonly origins: '*' | readonly string[]
}

export interface Refusal {
  readonly status: 403
  readonly message: string
}

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/** The name of `name:port`; undefined when that is malformed. */
function hostName(host: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^:[\]/@?#]+)(:\d{1,5})?$/.exec(host.toLowerCase())?.[1]
}

/** An address cannot be rebound: who names it has it already. */
const isAddress = (name: string): boolean => isIP(name.replace(/^\[|\]$/g, '')) !== 0

export function refusal(
  headers: { readonly host?: string | undefined; readonly origin?: string | undefined },
  rules: AccessRules,
): Refusal | undefined {
  const name = headers.host === undefined ? undefined : hostName(headers.host)
  const isKnown =
    name !== undefined && (LOOPBACK_NAMES.has(name) || isAddress(name) || rules.allowedHosts.includes(name))
  if (!isKnown) {
    return { status: 403, message: 'host not allowed: start the node with this name among its allowed hosts' }
  }
  const { origin } = headers
  if (origin === undefined || rules.origins === '*' || rules.origins.includes(origin)) return undefined
  if (origin === `http://${headers.host}`) return undefined
  return { status: 403, message: 'origin not allowed: start the node with --cors and this origin' }
}
