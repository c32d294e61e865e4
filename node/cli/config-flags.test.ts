import { Command, CommanderError } from 'commander'
import { describe, expect, it } from 'vitest'
import { OPTION_ENTRIES } from '../config/options.ts'
import { addConfigFlags, configOf } from './config-flags.ts'

function parse(...args: readonly string[]) {
  const command = addConfigFlags(new Command().exitOverride().configureOutput({ writeErr: () => undefined }))
  command.parse(args, { from: 'user' })
  return configOf(command.opts())
}

describe('the flags of quern start', () => {
  it('say nothing where nothing was said', () => {
    expect(parse()).toEqual({})
  })

  it('cover every option', () => {
    for (const { section, key, flag, byDefault, kind } of OPTION_ENTRIES) {
      const isYesNo = typeof byDefault === 'boolean'
      const text = Array.isArray(byDefault) ? byDefault.join(',') : String(byDefault)
      const given = isYesNo ? parse(byDefault ? `--${flag}` : `--no-${flag}`) : parse(`--${flag}`, text)
      expect(given, flag).toEqual({ [section]: { [key]: kind.parse(text) } })
    }
  })

  it('take lists with commas, and truths both ways', () => {
    const given = parse('--rpc-cors', 'https://a.org,https://b.org', '--p2p-mdns', '--no-metrics', '--halt-height', '7')
    expect(given).toEqual({
      rpc: { cors: ['https://a.org', 'https://b.org'] },
      p2p: { mdns: true },
      metrics: { enabled: false },
      chain: { haltHeight: 7 },
    })
  })

  it('add to a list when they stand several times', () => {
    expect(parse('--rpc-cors', 'https://a.org,https://b.org', '--rpc-cors', 'https://c.org')).toEqual({
      rpc: { cors: ['https://a.org', 'https://b.org', 'https://c.org'] },
    })
  })

  it('refuse a wrong value as a wrong use of the command line', () => {
    for (const args of [['--rpc-port', '65536'], ['--p2p-listen', 'here'], ['--halt-height', '-1'], ['--rpc-port']]) {
      expect(() => parse(...args), args.join(' ')).toThrow(CommanderError)
    }
  })
})
