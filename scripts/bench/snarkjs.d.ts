/** As much of snarkjs as is measured; it has no types of its own. */
declare module 'snarkjs' {
  export const groth16: {
    verify(key: object, publicSignals: readonly string[], proof: object): Promise<boolean>
  }
}
