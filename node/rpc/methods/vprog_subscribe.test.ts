import { describe, expect, it } from 'vitest'
import { formatAddress } from '../../../core/address.ts'
import { toHex } from '../../../core/bytes.ts'
import { laneKey } from '../../../vm/lanes/hashing.ts'
import { depositSpk } from '../../../vm/settlement/delegate.ts'
import { depositOutput } from '../../../vm/settlement/transactions.ts'
import { recordingConnection } from '../chain/connection-fixture.ts'
import { ACCOUNTS, callMethod, refusalTag } from '../fixture.ts'
import { bodyOf, hashOf, laneOf, VprogFixture } from '../vprog/fixture.ts'
import { vprog_getLane } from './vprog_getLane.ts'
import { vprog_subscribe } from './vprog_subscribe.ts'

async function subscribed(own: VprogFixture, options: Record<string, unknown>) {
  const connection = recordingConnection()
  await callMethod({ ...own.context, connection }, vprog_subscribe, ['lane', { lane: '0x51000001', ...options }])
  await connection.quiet()
  return connection
}

const story = ({ sent }: { sent: readonly { event?: unknown }[] }) =>
  sent.map(({ event }) => {
    const { type, height } = event as { type: string; height: number }
    return `${type} ${height}`
  })

describe('vprog_subscribe', () => {
  it('tells what happened in a lane, as the blocks and the lane have it', async () => {
    const own = new VprogFixture()
    own.mine(own.message(2))
    const id = hashOf('covenant')
    const deposit = own.sign(
      bodyOf({ laneId: laneOf(1), payload: hashOf('data'), outputs: [depositOutput(id, 5n)] }),
      0,
    )
    own.mine(own.message(2, 1), deposit)
    const connection = await subscribed(own, { fromHeight: 0 })
    const { header, hash } = own.chain.blockByHeight(2)!.block
    const lane = await callMethod<{ tip: string }>(own.context, vprog_getLane, ['0x51000001'])
    expect(connection.sent).toEqual([
      {
        method: 'vprog_subscription',
        cursor: `2:${toHex(hash)}:0`,
        event: {
          type: 'added',
          height: 2,
          block_hash: toHex(hash),
          seq_commit: toHex(header.seqCommit),
          parent_hash: toHex(header.parentHash),
          timestamp_ms: header.timestampMs,
          lane_key: toHex(laneKey(laneOf(1))),
          lane_tip: lane.tip,
          transactions: [
            {
              hash: toHex(deposit.transaction.hash),
              kip_id: toHex(deposit.txId),
              version: 1,
              merge_index: 1,
              from: formatAddress(ACCOUNTS[0]!.address),
              nonce: 1,
              payload: toHex(hashOf('data')),
              outputs: [{ grains: '5', spk: { version: 0, script: toHex(depositSpk(id).script) }, covenant_id: null }],
            },
          ],
        },
      },
    ])
  })

  it('follows the tip, takes back what a rollback took, and says what is final', async () => {
    const own = new VprogFixture()
    const connection = await subscribed(own, {})
    own.mine(own.message(1))
    own.mine(own.message(1))
    await connection.quiet()
    own.chain.reorg()
    await connection.quiet()
    own.mine(own.message(1))
    own.idle(2)
    await connection.quiet()
    expect(story(connection)).toEqual(['added 1', 'added 2', 'dropped 2', 'final 1', 'added 3', 'final 3'])

    const later = await subscribed(own, { cursor: connection.sent[3]!.cursor })
    expect(later.sent).toEqual(connection.sent.slice(4))
    own.mine(own.message(1))
    await later.quiet()
    expect(story(later)).toEqual(['added 3', 'final 3', 'added 6'])
  })

  it('refuses what it cannot serve', async () => {
    const own = new VprogFixture()
    own.idle(2)
    const context = { ...own.context, connection: recordingConnection() }
    const tag = (options: Record<string, unknown>) =>
      refusalTag(context, vprog_subscribe, ['lane', { lane: '0x51000001', ...options }])
    const params = ['lane', { lane: '0x51000001' }]
    expect(await refusalTag(own.context, vprog_subscribe, params)).toBe('WEBSOCKET_ONLY')
    expect(await refusalTag(context, vprog_subscribe, ['blocks', { lane: '0x51000001' }])).toBe('INVALID_PARAMS')
    expect(await tag({ fromHeight: 4 })).toBe('BLOCK_UNKNOWN')
    expect(await tag({ cursor: '1.0' })).toBe('INVALID_PARAMS')
    expect(await tag({ cursor: `1:${toHex(hashOf('x'))}:0` })).toBe('CURSOR_UNKNOWN')
    expect(await tag({ cursor: `1:${toHex(own.chain.blockByHeight(1)!.block.hash)}:0`, fromHeight: 1 })).toBe(
      'INVALID_PARAMS',
    )
  })
})
