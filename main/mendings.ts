import { randomUUID } from 'node:crypto';
import type { Guest } from './guests/guest';
import type { Machine, Mending } from './hypervisors/machine';
import { RefusedError, type Fix } from './power/actions';
import { byUser } from './power/actor';
import { lineDiff } from './view/line-diff';
import type { MendingView } from '../preload/contract/view';

export interface Mendings {
  /** Asks what `fix` would change, and keeps the answer in place of the one before. @throws RefusedError */
  read(guest: Guest, fix: Fix): Promise<MendingView>;
  /** Makes the change that was read, once. `find` gives the guest by its id. @throws RefusedError */
  apply(mendingId: string, find: (guestId: string) => Guest): Promise<void>;
}

const changes: Readonly<Record<Fix, string>> = {
  'enable-sleep': 'Its definition now allows sleep',
  'add-agent-channel': 'Its definition now has a channel for the guest agent',
};

/** Changes of definitions between being read by the user and being made: one at a time is kept. */
export function createMendings(): Mendings {
  let reads = 0;
  let kept: { readonly id: string; readonly guestId: string; readonly fix: Fix; readonly mending: Mending } | null = null;

  return {
    async read(guest, fix) {
      kept = null;
      reads += 1;
      const turn = reads;
      const mending = await machineOf(guest).mending(fix);
      const id = randomUUID();
      // Another one may have been asked for meanwhile.
      if (turn === reads) kept = { id, guestId: guest.id, fix, mending };
      return { mendingId: id, lines: lineDiff(mending.before, mending.after), effect: mending.effect };
    },
    async apply(mendingId, find) {
      if (kept?.id !== mendingId) {
        throw new RefusedError({
          code: 'wrong-state',
          message: 'This change is no longer at hand: it was made, or another one was looked at since.',
          remedy: 'Look at the change again.',
        });
      }
      const { guestId, fix, mending } = kept;
      kept = null;
      const guest = find(guestId);
      await machineOf(guest).mend(mending);
      const when = mending.effect === 'now' ? '' : ', from its next start on';
      guest.note({ kind: 'action', text: `${changes[fix]}${when}.`, actor: byUser, failed: false });
    },
  };
}

function machineOf({ machine }: Guest): Machine {
  if (machine) return machine;
  throw new RefusedError({
    code: 'no-control',
    message: 'The guest cannot be reached now.',
    remedy: 'Try again when it is on the list and connected.',
  });
}
