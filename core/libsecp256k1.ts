/**
 * libsecp256k1, or undefined where its native build does not load. Not the package's main file: that one falls back to
 * elliptic, which is as slow as noble and whose verdicts nobody holds to noble's.
 */
async function load() {
  try {
    return (await import('secp256k1/bindings.js')).default
  } catch {
    return undefined
  }
}

export const libsecp256k1 = await load()
