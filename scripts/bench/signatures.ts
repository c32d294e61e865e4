/**
 * The signatures of a block, on one core: a script that checks as many as a block's gram pays for, beside the same checks by
 * noble, of a transaction that is hashed anew for each. Run: npx tsx scripts/bench/signatures.ts [--rounds N]
 */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { concatBytes } from '../../core/bytes.ts'
import { fastest, isXCoordinate, pureSignatures, verifyEcdsa, verifySchnorr } from '../../core/curve-signatures.ts'
import { sha256 } from '../../core/hash.ts'
import { bareSpend } from '../../vm/conformance/bare-spend.ts'
import { ecdsaSigHash, SIG_HASH, schnorrSigHash } from '../../vm/kip/sighash.ts'
import { PRESETS } from '../../vm/params.ts'
import { runInput } from '../../vm/script/engine.ts'
import { UNITS_PER_GRAM } from '../../vm/script/limits.ts'
import { OP } from '../../vm/script/opcodes.ts'
import { proofVerifier } from '../../vm/zk/verify.ts'
import { median, numberOption, printTable, secondsOf, times } from './report.ts'

const rounds = numberOption('rounds', 5)
const { gramLimit } = PRESETS.devnet
/** Some gram is left for the long script and its pushes. */
const CHECKS = Math.floor(gramLimit / 1_000) - 40
const PAYLOADS = [0, 250_000]

const secret = sha256(Uint8Array.of(1))
const push = (bytes: Uint8Array) => concatBytes(Uint8Array.of(bytes.length), bytes)

const rows: string[][] = []
for (const scheme of ['Schnorr', 'ECDSA'] as const) {
  const isEcdsa = scheme === 'ECDSA'
  const key = isEcdsa ? secp256k1.getPublicKey(secret, true) : schnorr.getPublicKey(secret)
  const one = concatBytes(
    Uint8Array.of(OP.OpDup),
    push(key),
    isEcdsa ? Uint8Array.of(OP.OpCheckSigECDSA, OP.OpVerify) : Uint8Array.of(OP.OpCheckSigVerify),
  )
  const script = concatBytes(...Array.from({ length: CHECKS }, () => one))
  for (const payloadBytes of PAYLOADS) {
    const { transaction: bare, ...spend } = bareSpend(new Uint8Array(0), script)
    const payload = new Uint8Array(payloadBytes)
    const hash = schnorrSigHash({ ...bare, payload }, spend.utxos[0]!, 0, SIG_HASH.all)
    const digest = isEcdsa ? ecdsaSigHash(hash) : hash
    const signature = isEcdsa ? secp256k1.sign(digest, secret, { prehash: false }) : schnorr.sign(digest, secret)
    const signatureScript = push(concatBytes(signature, Uint8Array.of(SIG_HASH.all)))
    const seqCommitOf = () => undefined

    const ours = () => {
      const inputs = [{ ...bare.inputs[0]!, signatureScript }]
      const transaction = { ...bare, payload, inputs }
      const unitLimit = gramLimit * UNITS_PER_GRAM
      const outcome = runInput({ ...spend, transaction, unitLimit, seqCommitOf, proofs: proofVerifier() })
      // The signature is left, and true.
      if (!outcome.ok) throw new Error(outcome.error.message)
    }
    const plain = () => {
      for (let i = 0; i < CHECKS; i++) {
        const again = schnorrSigHash({ ...bare, payload }, spend.utxos[0]!, 0, SIG_HASH.all)
        const isGood = isEcdsa
          ? pureSignatures.isPoint(key) && verifyEcdsa(signature, ecdsaSigHash(again), key, pureSignatures)
          : isXCoordinate(key, pureSignatures) && verifySchnorr(signature, again, key, pureSignatures)
        if (!isGood) throw new Error('a good signature was refused')
      }
    }
    const figures: [number[], number[]] = [[], []]
    for (let round = -1; round < rounds; round++) {
      const took = [await secondsOf(ours), await secondsOf(plain)] as const
      if (round >= 0) for (const i of [0, 1] as const) figures[i].push(took[i] * 1_000)
    }
    const [fast, slow] = figures.map(median) as [number, number]
    const label = `${CHECKS} ${scheme} checks, payload of ${payloadBytes / 1_000} kB`
    rows.push([label, fast.toFixed(1), ((fast * 1_000) / CHECKS).toFixed(0), slow.toFixed(0), times(slow / fast)])
  }
}
if (fastest === pureSignatures) console.error('libsecp256k1 does not load here: both sides are noble')
printTable(['', 'ms', 'us each', 'plain ms', 'faster'], rows)
