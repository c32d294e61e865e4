/** A value of a JSON file with its place in it: what is not as the format says is named by where it stands. */
import { fromHex } from '../../core/bytes.ts'
import { messageOf, QuernError } from '../../core/errors.ts'

const HEX = /^(?:0x)?(?:[0-9a-fA-F]{2})*$/
const DECIMAL = /^\d{1,80}$/

export class JsonValue {
  readonly value: unknown
  readonly path: string

  constructor(value: unknown, path: string) {
    this.value = value
    this.path = path
  }

  malformed(expected: string): QuernError {
    return new QuernError('VECTOR_MALFORMED', `${this.path}: must be ${expected}`)
  }

  /** @throws QuernError `VECTOR_MALFORMED`, as all below */
  field(name: string): JsonValue {
    const { value } = this
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.malformed('an object')
    return new JsonValue(Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined, `${this.path}.${name}`)
  }

  /** Undefined where it is absent or null. */
  optional(name: string): JsonValue | undefined {
    const field = this.field(name)
    return field.value === undefined || field.value === null ? undefined : field
  }

  list(): JsonValue[] {
    if (!Array.isArray(this.value)) throw this.malformed('a list')
    return this.value.map((item, i) => new JsonValue(item, `${this.path}[${i}]`))
  }

  item(index: number): JsonValue {
    return this.list()[index] ?? new JsonValue(undefined, `${this.path}[${index}]`)
  }

  /** Of an object, in its order. */
  entries(): [name: string, value: JsonValue][] {
    const { value } = this
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.malformed('an object')
    return Object.keys(value).map((name) => [name, this.field(name)])
  }

  text(): string {
    if (typeof this.value !== 'string') throw this.malformed('text')
    return this.value
  }

  flag(): boolean {
    if (typeof this.value !== 'boolean') throw this.malformed('true or false')
    return this.value
  }

  /** Hex, with or without 0x. */
  bytes(length?: number): Uint8Array {
    const expected = length === undefined ? 'hex' : `${length} bytes in hex`
    if (typeof this.value !== 'string' || !HEX.test(this.value)) throw this.malformed(expected)
    const bytes = fromHex(this.value)
    if (length !== undefined && bytes.length !== length) throw this.malformed(expected)
    return bytes
  }

  number(most = Number.MAX_SAFE_INTEGER): number {
    const { value } = this
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
      throw this.malformed(`a whole number from 0 to ${most}`)
    }
    return value
  }

  /** A JSON number while it is exact, otherwise decimal text. */
  integer(most: bigint): bigint {
    const { value } = this
    const isExact = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    const isText = typeof value === 'string' && DECIMAL.test(value)
    const read = isExact || isText ? BigInt(value) : undefined
    if (read === undefined || read > most) {
      throw this.malformed(`a whole number from 0 to ${most}, as text where it is above 2^53`)
    }
    return read
  }
}

/** @throws QuernError `VECTOR_MALFORMED` */
export function parseJson(text: string, path: string): JsonValue {
  try {
    return new JsonValue(JSON.parse(text), path)
  } catch (cause) {
    throw new QuernError('VECTOR_MALFORMED', `${path}: must be JSON (${messageOf(cause)})`, {}, { cause })
  }
}
