import { describe, expect, it } from 'vitest'
import { filesIn, readText } from '../test/pure-folders.ts'
import { penaltyCodes, penaltyOf } from './penalties.ts'
import { BAN_SCORE, DISCONNECT_SCORE, MIN_SCORE } from './score-law.ts'

/** Members of a union of string literals, as the source spells them. */
function unionIn(file: string, name: string): string[] {
  const [, body = ''] = new RegExp(`type ${name} =([^]*?)\\n(?=\\n|export)`).exec(readText(file)) ?? []
  return [...body.matchAll(/'([A-Z][A-Z_]+)'/g)].map(([, code]) => code!)
}

const sources = ['consensus', 'p2p', 'node', 'devnet']
  .flatMap((folder) => filesIn(folder, '.ts'))
  .filter((file) => !/\.test\.ts$|\/testing\/|fixture/.test(file))

/** Codes where a peer is blamed: `blame(peer, 'X')`, `penalize(peer, 'X')`, `reject('X')`, `{ reject: 'X' }`, `rejected: 'X'`. */
const blamed = sources.flatMap((file) => {
  const text = readText(file)
  const calls = [...text.matchAll(/\b(?:blame|penalize|reject(?=\('))\(([^()]|\([^()]*\))*\)/g)].map(([call]) => call)
  const values = [...text.matchAll(/\breject(?:ed)?: [^,}\n]*/g)].map(([value]) => value)
  return [...calls, ...values].flatMap((part) =>
    [...part.matchAll(/'([A-Z][A-Z_]{3,})'/g)].map(([, code]) => ({ file, code: code! })),
  )
})

const listed = new Set(penaltyCodes())

describe('penalties', () => {
  it('weigh every code that a peer is blamed with anywhere', () => {
    const found = blamed.map(({ code }) => code)
    expect(found).toEqual(
      expect.arrayContaining(['OTHER_CHAIN', 'VOTE_SIGNATURE', 'EVIDENCE_NOT_IN_SET', 'STREAM_SILENT']),
    )
    expect(blamed.filter(({ code }) => !listed.has(code))).toEqual([])
  })

  it('weigh every rejection of the engine, every reason against a served block, and every error of a decoder', () => {
    const unions = [
      unionIn('consensus/simplex/types.ts', 'RejectCode'),
      unionIn('consensus/certificate.ts', 'CertificateErrorCode'),
      unionIn('consensus/validate.ts', 'BlockErrorCode'),
      unionIn('vm/execution/execution.ts', 'ExecutionErrorCode'),
      unionIn('core/rlp.ts', 'RlpErrorCode'),
      unionIn('consensus/wire.ts', 'MessageErrorCode'),
      unionIn('consensus/block.ts', 'BlockDecodeErrorCode'),
      unionIn('consensus/header.ts', 'HeaderErrorCode'),
      unionIn('consensus/vote.ts', 'VoteErrorCode'),
      unionIn('vm/transaction/bodies/codec.ts', 'BodyErrorCode'),
      unionIn('p2p/wire.ts', 'WireErrorCode'),
      unionIn('p2p/frames.ts', 'FrameErrorCode'),
      unionIn('p2p/handshake.ts', 'HandshakeFailure'),
    ]
    for (const codes of unions) expect(codes.length).toBeGreaterThan(0)
    expect(unions.flat().filter((code) => !listed.has(code))).toEqual([])
  })

  it('know no code for what is nobody’s fault', () => {
    const ignored = unionIn('consensus/simplex/types.ts', 'IgnoreCode')
    expect(ignored).toContain('VIEW_PAST')
    expect(ignored.filter((code) => listed.has(code))).toEqual([])
    // Depend on a state that honest nodes may not share yet.
    const states = ['TX_NONCE_TOO_LOW', 'TX_FEE_BELOW_BASE', 'TX_INSUFFICIENT_FUNDS', 'RESULT_ALREADY_CLAIMED']
    expect(states.filter((code) => listed.has(code))).toEqual([])
  })

  it('take points for every code, end a peer at once only where that is meant, and never for being slow', () => {
    for (const code of penaltyCodes()) {
      const { points, floor, isFatal } = penaltyOf(code)
      expect(points, code).toBeGreaterThan(0)
      expect(isFatal, code).toBe(points >= -BAN_SCORE)
      if (floor !== undefined) expect(floor, code).toBeGreaterThan(BAN_SCORE)
    }
    for (const code of ['PEER_TIMEOUT', 'HANDSHAKE_TIMEOUT', 'MESSAGE_RATE', 'REQUEST_RATE']) {
      expect(penaltyOf(code).floor, code).toBeGreaterThan(DISCONNECT_SCORE)
    }
    expect(penaltyOf('VOTE_SIGNATURE')).toEqual({ points: -MIN_SCORE, isFatal: true })
  })

  it('weigh a code nobody listed as a slip', () => {
    expect(penaltyOf('NEVER_HEARD_OF')).toEqual({ points: 5, isFatal: false })
  })
})
