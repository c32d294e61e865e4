/**
 * The multiplication that somebody might pick ready-made: ONNX's MatMulInteger, by onnxruntime-node on the processor.
 *
 * The package is 190 MB of native code and no dependency of ours; it is looked for in a folder that the caller names. The
 * model is one node, whose bytes are written here: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3.
 *
 * Kernels for signed operands on both sides are slow on most processors, as their dot products want one side unsigned.
 * So A can also be given as uint8, moved up by a zero point of 128: the same product, to the bit.
 */
import { createRequire } from 'node:module'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { concatBytes, utf8 } from '../../core/bytes.ts'

const NAME: string = 'onnxruntime-node'

/** What is used of the package. */
interface OnnxRuntime {
  readonly Tensor: new (type: string, data: Int8Array | Uint8Array | Int32Array, dims: readonly number[]) => object
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> }
}

interface Session {
  run(feeds: Record<string, object>, fetches: Record<string, object>): Promise<unknown>
  release(): Promise<void>
}

export interface Onnx {
  readonly runtime: OnnxRuntime
  readonly version: string
}

/** How the rows of A are given. */
export type Operand = 'int8' | 'uint8'

export interface OnnxProduct {
  /** One product of n^3 MACs. */
  multiply(): Promise<void>
  /** Entries that differ from the schoolbook's, of SAMPLES: some processors' kernels saturate. */
  readonly wrong: number
  close(): Promise<void>
}

/** Processors' kernels come with the package; its install script only fetches those for CUDA. */
export const ONNX_PACKAGE = `${NAME}@1.20.1`
export const SAMPLES = 500
/** Its threads go on looking for work for some 30 ms after a product, which would be counted as the next one's. */
const REST_MS = 100
/** TensorProto.DataType */
const TYPES = { uint8: 2, int8: 3, int32: 6 } as const
const IR_VERSION = 8
const OPSET_VERSION = 13

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Uint8Array.from([...bytes, rest])
}

const integer = (field: number, value: number): Uint8Array => concatBytes(varint(field * 8), varint(value))
const bytes = (field: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = concatBytes(...parts)
  return concatBytes(varint(field * 8 + 2), varint(whole.length), whole)
}
const text = (field: number, value: string): Uint8Array => bytes(field, utf8(value))

/** ModelProto of C = (A - zero point) x B, all n x n. */
function modelOf(n: number, operand: Operand): Uint8Array {
  const matrix = (field: number, name: string, type: keyof typeof TYPES): Uint8Array => {
    const side = bytes(1, integer(1, n))
    return bytes(field, text(1, name), bytes(2, bytes(1, integer(1, TYPES[type]), bytes(2, side, side))))
  }
  const zero = Uint8Array.of(operand === 'uint8' ? 128 : 0)
  const node = bytes(1, text(1, 'A'), text(1, 'B'), text(1, 'zero'), text(2, 'C'), text(4, 'MatMulInteger'))
  const zeroPoint = bytes(5, integer(2, TYPES[operand]), text(8, 'zero'), bytes(9, zero))
  const ends = [matrix(11, 'A', operand), matrix(11, 'B', 'int8'), matrix(12, 'C', 'int32')]
  const graph = bytes(7, node, text(2, 'product'), zeroPoint, ...ends)
  return concatBytes(integer(1, IR_VERSION), graph, bytes(8, integer(2, OPSET_VERSION)))
}

/** @throws Error of Node's when the folder has no such package */
export function loadOnnx(folder: string): Onnx {
  const load = createRequire(path.resolve(folder, 'package.json'))
  const { version } = load(`${NAME}/package.json`) as { version: string }
  return { runtime: load(NAME) as OnnxRuntime, version }
}

function countWrong(a: Int8Array, b: Int8Array, c: Int32Array, n: number): number {
  let wrong = 0
  for (let sample = 0; sample < SAMPLES; sample++) {
    const [i, j] = [(sample * 37) % n, (sample * 101) % n]
    let sum = 0
    for (let k = 0; k < n; k++) sum += Math.imul(a[i * n + k]!, b[k * n + j]!)
    if (sum !== c[i * n + j]) wrong++
  }
  return wrong
}

/** Both matrices are row-major; `threads` are the operator's own. */
export async function createOnnxProduct(
  { runtime }: Onnx,
  { a, b, n, operand, threads }: { a: Int8Array; b: Int8Array; n: number; operand: Operand; threads: number },
): Promise<OnnxProduct> {
  const session = await runtime.InferenceSession.create(modelOf(n, operand), {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  })
  const rows = operand === 'int8' ? a : Uint8Array.from(a, (entry) => entry + 128)
  const product = new Int32Array(n * n)
  const dims = [n, n]
  const feeds = { A: new runtime.Tensor(operand, rows, dims), B: new runtime.Tensor('int8', b, dims) }
  const fetches = { C: new runtime.Tensor('int32', product, dims) }
  const multiply = async (): Promise<void> => void (await session.run(feeds, fetches))
  await multiply()
  return { multiply, wrong: countWrong(a, b, product, n), close: () => session.release() }
}

export const rest = (): Promise<void> => sleep(REST_MS)
