/** What happens to a worker, in one line each. */
import { formatAddress } from '../../../core/address.ts'
import { hexKey } from '../../../core/bytes.ts'
import type { Choice } from '../../../gpu/choose.ts'
import { adviceOn } from '../../../gpu/verdict.ts'
import type { WorkerEvent } from '../../../gpu/worker-events.ts'

const shortHash = (hash: Uint8Array): string => hexKey(hash).slice(0, 16)

const withAdvice = (tag: string): string => {
  const advice = adviceOn(tag)
  return advice === undefined ? tag : `${tag} (${advice})`
}

export const threadsText = ({ name, threads }: Pick<Choice, 'name' | 'threads'>): string =>
  name === 'wasm' ? `${name} on ${threads} ${threads === 1 ? 'thread' : 'threads'}` : name

export function describeChoice(choice: Choice): string {
  const rates = choice.trials.map((trial) => {
    const candidate = `${trial.name} x${trial.threads}`
    return 'failed' in trial
      ? `${candidate}: ${trial.failed.code}`
      : `${candidate}: ${(trial.macsPerSecond / 1e9).toFixed(1)} GMAC/s`
  })
  const measured = rates.length === 0 ? '' : ` (${rates.join(', ')})`
  return `computing with ${threadsText(choice)}${measured}`
}

export function describeEvent(event: WorkerEvent): string {
  switch (event.type) {
    case 'started':
      return `working for ${formatAddress(event.address)}, matrices of ${event.matrixSize} x ${event.matrixSize}`
    case 'seeded':
      return `seed from block ${event.seedHeight}, difficulty ${event.difficultyMacs} MAC`
    case 'submitted': {
      const { attempt, tile } = event.found
      return `result ${shortHash(event.transaction)} submitted (attempt ${attempt}, tile ${tile})`
    }
    case 'replaced':
      return `nonce ${event.nonce} was stuck: sent again at ${event.maxFeePerGas} wei per gas`
    case 'accepted':
      return `result ${shortHash(event.transaction)} accepted`
    case 'rejected':
      return `result rejected: ${withAdvice(event.tag)}`
    case 'late':
      return `result too late: ${withAdvice(event.reason)}`
    case 'trouble':
      return `${event.tag}: ${event.message} (trying again in ${event.retryMs} ms)`
    case 'switched':
      return `asking ${event.url} from now on (${event.tag})`
    case 'reset':
      return `the chain began anew: genesis ${shortHash(event.genesisHash)}`
    case 'device-failed':
      return `${event.device} failed and is left out: ${event.tag}: ${event.message}`
  }
}
