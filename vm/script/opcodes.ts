/**
 * Kaspa's opcode table, by name. 0x01 to 0x4b push that many bytes, 0x51 to 0x60 the numbers 1 to 16; what has no name is
 * invalid. Source: rusty-kaspa crypto/txscript/src/opcodes; KIP-10, 16, 17, 20, 21 for 0x7e and above.
 */

export const OP = {
  OpFalse: 0x00,
  OpPushData1: 0x4c,
  OpPushData2: 0x4d,
  OpPushData4: 0x4e,
  Op1Negate: 0x4f,
  OpReserved: 0x50,
  OpTrue: 0x51,
  OpNop: 0x61,
  OpVer: 0x62,
  OpIf: 0x63,
  OpNotIf: 0x64,
  OpVerIf: 0x65,
  OpVerNotIf: 0x66,
  OpElse: 0x67,
  OpEndIf: 0x68,
  OpVerify: 0x69,
  OpReturn: 0x6a,
  OpToAltStack: 0x6b,
  OpFromAltStack: 0x6c,
  Op2Drop: 0x6d,
  Op2Dup: 0x6e,
  Op3Dup: 0x6f,
  Op2Over: 0x70,
  Op2Rot: 0x71,
  Op2Swap: 0x72,
  OpIfDup: 0x73,
  OpDepth: 0x74,
  OpDrop: 0x75,
  OpDup: 0x76,
  OpNip: 0x77,
  OpOver: 0x78,
  OpPick: 0x79,
  OpRoll: 0x7a,
  OpRot: 0x7b,
  OpSwap: 0x7c,
  OpTuck: 0x7d,
  OpCat: 0x7e,
  OpSubstr: 0x7f,
  OpLeft: 0x80,
  OpRight: 0x81,
  OpSize: 0x82,
  OpInvert: 0x83,
  OpAnd: 0x84,
  OpOr: 0x85,
  OpXor: 0x86,
  OpEqual: 0x87,
  OpEqualVerify: 0x88,
  OpReserved1: 0x89,
  OpReserved2: 0x8a,
  Op1Add: 0x8b,
  Op1Sub: 0x8c,
  Op2Mul: 0x8d,
  Op2Div: 0x8e,
  OpNegate: 0x8f,
  OpAbs: 0x90,
  OpNot: 0x91,
  Op0NotEqual: 0x92,
  OpAdd: 0x93,
  OpSub: 0x94,
  OpMul: 0x95,
  OpDiv: 0x96,
  OpMod: 0x97,
  OpLShift: 0x98,
  OpRShift: 0x99,
  OpBoolAnd: 0x9a,
  OpBoolOr: 0x9b,
  OpNumEqual: 0x9c,
  OpNumEqualVerify: 0x9d,
  OpNumNotEqual: 0x9e,
  OpLessThan: 0x9f,
  OpGreaterThan: 0xa0,
  OpLessThanOrEqual: 0xa1,
  OpGreaterThanOrEqual: 0xa2,
  OpMin: 0xa3,
  OpMax: 0xa4,
  OpWithin: 0xa5,
  OpZkPrecompile: 0xa6,
  OpBlake2bWithKey: 0xa7,
  OpSHA256: 0xa8,
  OpCheckMultiSigECDSA: 0xa9,
  OpBlake2b: 0xaa,
  OpCheckSigECDSA: 0xab,
  OpCheckSig: 0xac,
  OpCheckSigVerify: 0xad,
  OpCheckMultiSig: 0xae,
  OpCheckMultiSigVerify: 0xaf,
  OpCheckLockTimeVerify: 0xb0,
  OpCheckSequenceVerify: 0xb1,
  OpTxVersion: 0xb2,
  OpTxInputCount: 0xb3,
  OpTxOutputCount: 0xb4,
  OpTxLockTime: 0xb5,
  OpTxSubnetId: 0xb6,
  OpTxGas: 0xb7,
  OpTxPayloadSubstr: 0xb8,
  OpTxInputIndex: 0xb9,
  OpOutpointTxId: 0xba,
  OpOutpointIndex: 0xbb,
  OpTxInputScriptSigSubstr: 0xbc,
  OpTxInputSeq: 0xbd,
  OpTxInputAmount: 0xbe,
  OpTxInputSpk: 0xbf,
  OpTxInputDaaScore: 0xc0,
  OpTxInputIsCoinbase: 0xc1,
  OpTxOutputAmount: 0xc2,
  OpTxOutputSpk: 0xc3,
  OpTxPayloadLen: 0xc4,
  OpTxInputSpkLen: 0xc5,
  OpTxInputSpkSubstr: 0xc6,
  OpTxOutputSpkLen: 0xc7,
  OpTxOutputSpkSubstr: 0xc8,
  OpTxInputScriptSigLen: 0xc9,
  OpAuthOutputCount: 0xcb,
  OpAuthOutputIdx: 0xcc,
  OpNum2Bin: 0xcd,
  OpBin2Num: 0xce,
  OpInputCovenantId: 0xcf,
  OpCovInputCount: 0xd0,
  OpCovInputIdx: 0xd1,
  OpCovOutputCount: 0xd2,
  OpCovOutputIdx: 0xd3,
  OpChainblockSeqCommit: 0xd4,
  OpOutputCovenantId: 0xd5,
  OpOutputAuthorizingInput: 0xd6,
  OpCheckSigFromStack: 0xd7,
  OpCheckSigFromStackECDSA: 0xd8,
  OpBlake3: 0xd9,
  OpBlake3WithKey: 0xda,
} as const

export type OpcodeName = keyof typeof OP

/** Longest push that its opcode alone names. */
export const MAX_DIRECT_PUSH = 0x4b
/** The last opcode that pushes a literal, and so costs no operation. */
export const LAST_PUSH = 0x60
/** Push of the number n is `SMALL_NUMBER + n`, for 1 to 16. */
export const SMALL_NUMBER = 0x50
export const MAX_SMALL_NUMBER = 16

const NAMES: ReadonlyMap<number, OpcodeName> = new Map(
  Object.entries(OP).map(([name, code]) => [code, name as OpcodeName]),
)

/** Its name in listings and messages. */
export function opcodeName(code: number): string {
  if (code > 0 && code <= MAX_DIRECT_PUSH) return `OpData${code}`
  if (code > OP.OpTrue && code <= LAST_PUSH) return `Op${code - SMALL_NUMBER}`
  return NAMES.get(code) ?? `OpUnknown${code}`
}

const DISABLED: ReadonlySet<number> = new Set([OP.OpLeft, OP.OpRight, OP.Op2Mul, OP.Op2Div, OP.OpLShift, OP.OpRShift])

/** Refused wherever they stand in a script, executed or not. */
export const isDisabled = (code: number): boolean => DISABLED.has(code)
export const isAlwaysIllegal = (code: number): boolean => code === OP.OpVerIf || code === OP.OpVerNotIf

/** Looked at in branches that are not taken too. */
export const isConditional = (code: number): boolean => code >= OP.OpIf && code <= OP.OpEndIf

export const isPush = (code: number): boolean => code <= LAST_PUSH
