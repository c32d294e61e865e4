import { describe, expect, it } from 'vitest'
import { groupOf, hostOf } from './address.ts'

describe('addresses', () => {
  const HOSTS: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ['/ip4/203.0.113.9/tcp/26650', '203.0.113.9', '203.0.0.0/16'],
    ['/ip4/203.0.113.9/tcp/1/p2p/12D3KooW', '203.0.113.9', '203.0.0.0/16'],
    ['/ip6/2001:db8:1:2:3:4:5:6/tcp/26650', '2001:db8:1:2::/64', '2001:db8::/32'],
    ['/ip6/2001:db8:1:2:ffff::1/tcp/26650', '2001:db8:1:2::/64', '2001:db8::/32'],
    ['/ip6/2001:DB8::1/tcp/26650', '2001:db8:0:0::/64', '2001:db8::/32'],
    ['/ip6/fe80::1%eth0/tcp/1', 'fe80:0:0:0::/64', 'fe80:0::/32'],
    ['/ip6/::1/tcp/1', '0:0:0:0::/64', '0:0::/32'],
    ['/ip6/::ffff:203.0.113.9/tcp/1', '203.0.113.9', '203.0.0.0/16'],
    ['/ip6/::ffff:cb00:7109/tcp/1', '203.0.113.9', '203.0.0.0/16'],
    ['/dns4/Seed.example.org/tcp/26650', 'seed.example.org', 'seed.example.org'],
    ['/unix/tmp', undefined, undefined],
    ['/ip4', undefined, undefined],
    ['', undefined, undefined],
  ]

  it.each(HOSTS)('%s', (multiaddr, host, group) => {
    expect(hostOf(multiaddr)).toBe(host)
    expect(host === undefined ? undefined : groupOf(host)).toBe(group)
  })
})
