/** Where a multiaddr leads to, as coarse as the defences need it. */

/** `/ip4/1.2.3.4/tcp/26650/p2p/12D3...`: the second part names the host. */
const HOST_PROTOCOLS = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6', 'dnsaddr'])

/**
 * Whoever has one address has all that share this: an IPv4 address, the /64 of an IPv6 address (what a single line
 * gets), or a name. Undefined where the multiaddr names no host.
 */
export function hostOf(multiaddr: string): string | undefined {
  const [, protocol, value] = multiaddr.split('/')
  if (protocol === undefined || value === undefined || value === '' || !HOST_PROTOCOLS.has(protocol)) return undefined
  if (protocol === 'ip4') return value
  if (protocol !== 'ip6') return value.toLowerCase()
  const groups = ipv6Groups(value)
  return isMappedIpv4(groups) ? mappedIpv4(groups) : `${hex(groups.slice(0, 4))}::/64`
}

/**
 * Hosts that are likely to be under one hand, or on one network: an IPv4 /16, an IPv6 /32, or the name itself.
 * @param host what `hostOf` gives
 */
export function groupOf(host: string): string {
  const ipv4 = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(host)
  if (ipv4 !== null) return `${ipv4[1]}.${ipv4[2]}.0.0/16`
  if (!host.endsWith('::/64')) return host
  return `${host.split(':').slice(0, 2).join(':')}::/32`
}

const hex = (groups: readonly number[]): string => groups.map((group) => group.toString(16)).join(':')

/** Eight groups of 16 bits; what is malformed reads as 0. A zone (`%eth0`) is left out. */
function ipv6Groups(text: string): readonly number[] {
  const [bare = ''] = text.split('%')
  const [head = '', tail] = bare.split('::')
  const before = groupsIn(head)
  const after = tail === undefined ? [] : groupsIn(tail)
  const missing = Math.max(0, 8 - before.length - after.length)
  return [...before, ...Array<number>(missing).fill(0), ...after].slice(0, 8)
}

function groupsIn(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [Number.parseInt(part, 16) & 0xffff]
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number)
    return [((a << 8) | b) & 0xffff, ((c << 8) | d) & 0xffff]
  })
}

const isMappedIpv4 = (groups: readonly number[]): boolean =>
  groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff

function mappedIpv4(groups: readonly number[]): string {
  const [high = 0, low = 0] = groups.slice(6)
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
