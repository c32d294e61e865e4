/**
 * The standard vProg covenant: an output whose script holds a program's state, and moves on only with a proof.
 *
 *     redeem script = lane tip, state, lane key (the state) || body (by program and proof system)        pays to its hash
 *     signature script = proof, deposit hash, new lane tip, new state, block to prove to, redeem script
 *
 * It demands of a settlement: that it is input 0; that output 0 is this script with the new state, bound to the covenant, with
 * this value; that one more output is bound at most, and then is a permission script with the value of one; and a proof of
 * the journal (journal.ts) that the script puts together itself, from its state, the block's commitment and those outputs.
 * The settler pays for the permission output: a covenant can always settle its exits.
 * Source: vprogs zk/backend/risc0/covenant; where it differs: PROTOCOL 8.
 */
import { concatBytes, equalBytes, fromHex, type Hash, utf8, ZERO_HASH } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { OP } from '../script/opcodes.ts'
import { ZK_TAG } from '../zk/operands.ts'
import { HALTED } from '../zk/risc0/claim.ts'
import { SETTLEMENT_MARKS } from './delegate.ts'
import { SettlementError } from './errors.ts'
import { delegateHashOf, ownBody, P2SH_HEAD, payToTop, selfMeasured, statePrefix } from './own-script.ts'
import { ScriptWriter, type WrittenScript } from './script-writer.ts'

/** Value of a permission output, in grains: half a CPC. */
export const PERMISSION_GRAINS = 50_000_000n

/** Of RISC Zero's `resolve`: what ends a proof that rests on others, as an aggregate does. */
export const RESOLVE_CONTROL_ID: Hash = fromHex('53a7b23d07f99e5d5685e85874f5181e8486aa267a0ae607ffe9ba47c8bdda4a')

export interface CovenantState {
  readonly laneTip: Hash
  readonly state: Hash
  readonly laneKey: Hash
}

/** How the journal is proved, and what fixes it beside the image id. */
export type ProofSystem =
  | { readonly kind: 'development' }
  /** @property controlId of the recursion program that ends the proof: `RESOLVE_CONTROL_ID`, as a rule */
  | { readonly kind: 'succinct'; readonly controlId: Hash }
  | {
      readonly kind: 'groth16'
      /** In arkworks' encoding, of five inputs. */
      readonly key: Uint8Array
      readonly controlRoot: Hash
      /** 32 bytes little endian. */
      readonly identityControlId: Uint8Array
    }

export interface Program {
  /** Of the guests that prove one transaction, one batch, and the aggregate. */
  readonly txImageId: Hash
  readonly batchImageId: Hash
  readonly imageId: Hash
  readonly proof: ProofSystem
}

const PREFIX_BYTES = 3 * 33
const GROTH16_KEY_BYTES = 32 + 3 * 64 + 8 + 6 * 32

/** Names of what a proof's items are on the stack, bottom first. */
export const PROOF_ITEMS = {
  development: ['signature'],
  succinct: ['claim', 'controlIndex', 'controlDigests', 'seal'],
  groth16: ['proof'],
} as const satisfies Record<ProofSystem['kind'], readonly string[]>

const BOUND_TO_COVENANT = 'is bound to the covenant'

function writeRules(w: ScriptWriter, program: Program, bodyBytes: number): void {
  w.op(OP.OpTxInputIndex).push(0n).demand(OP.OpNumEqualVerify, 'this is input 0')
  w.push(0n).op(OP.OpInputCovenantId).as('id')
  w.take('block').demand(OP.OpChainblockSeqCommit, 'the block lies in the window').as('seqCommit')
  // Where one were shorter and the other longer, the journal would be the same, and the next state another.
  for (const name of ['newLaneTip', 'newState']) {
    w.copy(name).op(OP.OpSize).push(32n).demand(OP.OpNumEqualVerify, `${name} has 32 bytes`).op(OP.OpDrop)
  }

  const PUSH_HASH = Uint8Array.of(32)
  w.push(PUSH_HASH).copy('newLaneTip').op(OP.OpCat).push(PUSH_HASH).op(OP.OpCat).copy('newState').op(OP.OpCat)
  w.push(PUSH_HASH).op(OP.OpCat).copy('laneKey').op(OP.OpCat)
  ownBody(w, bodyBytes).op(OP.OpCat).op(OP.OpBlake2b)
  payToTop(w).push(0n).op(OP.OpTxOutputSpk).demand(OP.OpEqualVerify, 'output 0 holds the next state')
  w.push(0n).op(OP.OpOutputCovenantId).copy('id').demand(OP.OpEqualVerify, `output 0 ${BOUND_TO_COVENANT}`)
  w.push(0n).op(OP.OpTxOutputAmount).push(0n).op(OP.OpTxInputAmount)
  w.demand(OP.OpNumEqualVerify, 'output 0 keeps the value')

  w.copy('depositHash').push(ZERO_HASH).op(OP.OpEqual).op(OP.OpNot)
  w.branch(() => {
    delegateHashOf(w, 'id')
      .copy('depositHash')
      .demand(OP.OpEqualVerify, "deposits go to the covenant's delegate script")
  })

  w.copy('id').op(OP.OpCovOutputCount).as('bound')
  w.copy('bound').push(1n).push(3n).op(OP.OpWithin).demand(OP.OpVerify, 'one or two outputs are bound')
  w.take('bound').push(2n).op(OP.OpNumEqual)
  w.branch(
    () => {
      w.push(1n).op(OP.OpOutputCovenantId).copy('id').demand(OP.OpEqualVerify, `output 1 ${BOUND_TO_COVENANT}`)
      w.push(1n).op(OP.OpTxOutputAmount).push(PERMISSION_GRAINS)
      w.demand(OP.OpNumEqualVerify, 'output 1 has the value of a permission')
      const from = BigInt(P2SH_HEAD.length)
      w.push(1n).op(OP.OpTxOutputSpk).as('spk')
      w.copy('spk')
        .push(from)
        .push(from + 32n)
        .op(OP.OpSubstr)
        .as('permissionHash')
      w.copy('permissionHash')
      payToTop(w).take('spk').demand(OP.OpEqualVerify, "output 1 pays to a script's hash")
    },
    () => w.push(ZERO_HASH, 'permissionHash'),
  )
  writeJournal(w, program)
}

/** Leaves its digest on top of the proof. */
function writeJournal(w: ScriptWriter, { txImageId, batchImageId }: Program): void {
  w.take('state')
  for (const name of ['laneTip', 'newState', 'newLaneTip', 'seqCommit', 'id']) w.take(name).op(OP.OpCat)
  w.constant('txImageId', txImageId).op(OP.OpCat)
  w.constant('batchImageId', batchImageId).op(OP.OpCat)
  for (const name of ['permissionHash', 'depositHash', 'laneKey']) w.take(name).op(OP.OpCat)
  w.op(OP.OpSHA256).as('journalDigest')
}

const u16Bytes = (value: number): Uint8Array => Uint8Array.of(value, 0)
const RISC0_TAG = { output: sha256(utf8('risc0.Output')), claim: sha256(utf8('risc0.ReceiptClaim')) }

/** Makes of the journal's digest that of the receipt's claim (zk/risc0/claim.ts). */
function writeClaim(w: ScriptWriter, imageId: Hash): void {
  w.push(RISC0_TAG.output).take('journalDigest').op(OP.OpCat)
  w.push(concatBytes(ZERO_HASH, u16Bytes(2)))
    .op(OP.OpCat)
    .op(OP.OpSHA256)
    .as('output')
  w.push(concatBytes(RISC0_TAG.claim, ZERO_HASH)).constant('imageId', imageId).op(OP.OpCat)
  w.push(HALTED).op(OP.OpCat).take('output').op(OP.OpCat)
  // Exit code 0, system and user, and four digests.
  w.push(concatBytes(new Uint8Array(8), u16Bytes(4)))
    .op(OP.OpCat)
    .op(OP.OpSHA256)
    .as('claim')
}

/** Both halves of a digest as field elements, the first on top. */
function writeHalves(w: ScriptWriter, digest: string): void {
  const zeros = new Uint8Array(16)
  w.copy(digest).push(16n).push(32n).op(OP.OpSubstr).push(zeros).op(OP.OpCat)
  w.take(digest).push(0n).push(16n).op(OP.OpSubstr).push(zeros).op(OP.OpCat)
}

const HASH_FUNCTION_POSEIDON2 = Uint8Array.of(1)
const PROOF_HOLDS = 'the proof holds'

/** Expects the proof's items and the journal's digest on the stack, and leaves true. */
function writeProof(w: ScriptWriter, { imageId, proof }: Program): void {
  switch (proof.kind) {
    case 'development':
      w.constant('imageId', imageId)
      w.push(Uint8Array.of(ZK_TAG.development)).demand(OP.OpZkPrecompile, PROOF_HOLDS, 4)
      return
    case 'succinct':
      w.constant('imageId', imageId).constant('controlId', proof.controlId)
      w.push(HASH_FUNCTION_POSEIDON2).push(Uint8Array.of(ZK_TAG.succinct)).demand(OP.OpZkPrecompile, PROOF_HOLDS, 9)
      return
    case 'groth16':
      writeClaim(w, imageId)
      w.constant('identityControlId', proof.identityControlId)
      writeHalves(w, 'claim')
      w.constant('controlRoot', proof.controlRoot).as('controlRoot')
      writeHalves(w, 'controlRoot')
      w.push(5n).take('proof').constant('key', proof.key)
      w.push(Uint8Array.of(ZK_TAG.groth16)).demand(OP.OpZkPrecompile, PROOF_HOLDS, 9)
  }
}

/** The body of a program's covenant; offsets count from the start of the redeem script. */
export const covenantBody = (program: Program): WrittenScript =>
  selfMeasured((bodyBytes) => {
    const witness = ['depositHash', 'newLaneTip', 'newState', 'block']
    const state = ['laneTip', 'state', 'laneKey']
    const w = new ScriptWriter([...PROOF_ITEMS[program.proof.kind], ...witness, ...state], PREFIX_BYTES)
    writeRules(w, program, bodyBytes)
    writeProof(w, program)
    return w.end(SETTLEMENT_MARKS)
  })

/** @throws SettlementError `PROGRAM_FIELD_LENGTH` */
export function covenantScript({ laneTip, state, laneKey }: CovenantState, program: Program): Uint8Array {
  const { txImageId, batchImageId, imageId, proof } = program
  const { kind, ...constants } = proof
  for (const [name, value] of Object.entries({
    ...{ laneTip, state, laneKey, txImageId, batchImageId, imageId },
    ...constants,
  })) {
    const length = name === 'key' ? GROTH16_KEY_BYTES : 32
    if (value.length !== length) {
      throw new SettlementError('PROGRAM_FIELD_LENGTH', `${name} has ${value.length} bytes: it has ${length}`)
    }
  }
  return concatBytes(statePrefix(laneTip, state, laneKey), covenantBody(program).script)
}

type Constants = (name: string) => Uint8Array

/** For each proof system, a program with constants of the right lengths, and how its own are read. */
const FORMS: readonly { readonly proof: ProofSystem; readonly read: (constant: Constants) => ProofSystem }[] = [
  { proof: { kind: 'development' }, read: () => ({ kind: 'development' }) },
  {
    proof: { kind: 'succinct', controlId: ZERO_HASH },
    read: (constant) => ({ kind: 'succinct', controlId: constant('controlId') }),
  },
  {
    proof: {
      kind: 'groth16',
      key: new Uint8Array(GROTH16_KEY_BYTES),
      controlRoot: ZERO_HASH,
      identityControlId: ZERO_HASH,
    },
    read: (constant) => ({
      kind: 'groth16',
      key: constant('key'),
      controlRoot: constant('controlRoot'),
      identityControlId: constant('identityControlId'),
    }),
  },
]

/**
 * Nothing else is taken for a standard covenant: the script is written anew from what was read, and compared.
 * @throws SettlementError `REDEEM_SCRIPT_UNKNOWN`
 */
export function decodeCovenantScript(redeem: Uint8Array): CovenantState & { readonly program: Program } {
  const field = (i: number): Hash => redeem.slice(33 * i + 1, 33 * (i + 1))
  for (const { proof, read } of FORMS) {
    const blank = covenantBody({ txImageId: ZERO_HASH, batchImageId: ZERO_HASH, imageId: ZERO_HASH, proof })
    if (redeem.length !== PREFIX_BYTES + blank.script.length) continue
    const constant: Constants = (name) => {
      const { offset, length } = blank.constants.get(name)!
      return redeem.slice(offset, offset + length)
    }
    const program = {
      txImageId: constant('txImageId'),
      batchImageId: constant('batchImageId'),
      imageId: constant('imageId'),
      proof: read(constant),
    }
    const state = { laneTip: field(0), state: field(1), laneKey: field(2) }
    if (equalBytes(covenantScript(state, program), redeem)) return { ...state, program }
  }
  throw new SettlementError('REDEEM_SCRIPT_UNKNOWN', 'this is no standard covenant script')
}
