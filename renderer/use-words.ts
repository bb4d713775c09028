import type { CommandValue } from '../preload/contract/commands';
import { namesInWords } from './many';
import { cleanLine } from './text';

/** Words for whether guests are in use. Pure. */

export type GuestUse = CommandValue<'readUse'>;

/** From here on a guest counts as busy, in percent of one vCPU. */
const BUSY_CPU_PERCENT = 50;

const somebody = ({ users }: GuestUse): boolean => users !== null && users.length > 0;
const busy = ({ cpuPercent }: GuestUse): boolean => cpuPercent !== null && cpuPercent >= BUSY_CPU_PERCENT;

export const isInUse = (use: GuestUse): boolean => somebody(use) || busy(use);

/** "ann and root are signed in. It uses 180 % of one vCPU.", "Nobody is signed in, and it is idle." */
export function oneInWords(use: GuestUse): string {
  const parts = [
    somebody(use) ? `${namesInWords((use.users ?? []).map(cleanLine), 3)} ${use.users?.length === 1 ? 'is' : 'are'} signed in.` : '',
    busy(use) ? `It uses ${Math.round(use.cpuPercent ?? 0)} % of one vCPU.` : '',
  ].filter((part) => part !== '');
  if (parts.length > 0) return parts.join(' ');
  if (use.users !== null) return use.cpuPercent === null ? 'Nobody is signed in.' : 'Nobody is signed in, and it is idle.';
  return use.cpuPercent === null ? 'Whether it is in use cannot be known.' : 'It is idle; who is signed in cannot be known.';
}

export interface NamedUse {
  readonly name: string;
  readonly use: GuestUse;
}

/** Of one or several: those that are in use, each with why; else what is known of all. */
export function inUseWords(uses: readonly NamedUse[]): { readonly inUse: readonly string[]; readonly rest: string } {
  const inUse = uses.filter(({ use }) => isInUse(use));
  const [only] = uses;
  if (uses.length === 1 && only) return inUse.length === 1 ? { inUse: [oneInWords(only.use)], rest: '' } : { inUse: [], rest: oneInWords(only.use) };
  const unknown = uses.filter(({ use }) => use.users === null || use.cpuPercent === null).length;
  const rest = unknown === 0 ? 'Nobody is signed in, and they are idle.' : `None is known to be in use; of ${unknown} it is not known in full.`;
  return { inUse: inUse.map(({ name, use }) => `${name}: ${oneInWords(use)}`), rest: inUse.length > 0 ? '' : rest };
}
