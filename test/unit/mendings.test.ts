import { describe, expect, it } from 'vitest';
import type { Guest } from '../../main/guests/guest';
import type { Mending } from '../../main/hypervisors/machine';
import { createMendings } from '../../main/mendings';
import { RefusedError, type Fix } from '../../main/power/actions';
import { MendingView } from '../../preload/contract/view';

const definition = (enabled: string) => `<domain>\n  <pm>\n    <suspend-to-mem enabled='${enabled}'/>\n  </pm>\n</domain>\n`;
const enabling: Mending = { before: definition('no'), after: definition('yes'), effect: 'next-start' };

interface Plan {
  readonly mending?: (fix: Fix) => Promise<Mending>;
  readonly mend?: (read: Mending) => Promise<void>;
}

/** A guest that remembers what was made and noted of it. */
function guestWith(id: string, plan: Plan = {}) {
  const made: Mending[] = [];
  const notes: string[] = [];
  const machine = {
    mending: plan.mending ?? (() => Promise.resolve(enabling)),
    mend:
      plan.mend ??
      ((read: Mending) => {
        made.push(read);
        return Promise.resolve();
      }),
  };
  const guest = { id, machine, note: ({ text }: { text: string }) => void notes.push(text) } as unknown as Guest;
  return { guest, made, notes };
}

async function refusal(work: Promise<unknown>) {
  const error: unknown = await work.then(() => null, (reason: unknown) => reason);
  if (error instanceof RefusedError) return error.refusal;
  throw new Error(`It was not refused: ${String(error)}`);
}

const findIn =
  (...guests: Guest[]) =>
  (id: string): Guest => {
    const found = guests.find((guest) => guest.id === id);
    if (found) return found;
    throw new RefusedError({ code: 'unknown-guest', message: 'This guest is no longer on the list.' });
  };

describe('a change of a definition', () => {
  it('is shown as a difference, and made as it was read, once', async () => {
    const { guest, made, notes } = guestWith('nas');
    const mendings = createMendings();
    const view = await mendings.read(guest, 'enable-sleep');
    expect(MendingView.parse(view)).toEqual(view);
    expect(view.effect).toBe('next-start');
    expect(view.lines.filter(({ kind }) => kind !== 'same')).toEqual([
      { kind: 'removed', text: "    <suspend-to-mem enabled='no'/>" },
      { kind: 'added', text: "    <suspend-to-mem enabled='yes'/>" },
    ]);
    expect(made).toEqual([]);
    await mendings.apply(view.mendingId, findIn(guest));
    expect(made).toEqual([enabling]);
    expect(made[0]).toBe(enabling);
    expect(notes).toEqual(['Its definition now allows sleep, from its next start on.']);
    expect(await refusal(mendings.apply(view.mendingId, findIn(guest)))).toMatchObject({ code: 'wrong-state' });
    expect(made).toHaveLength(1);
  });

  it('is forgotten when another is read, of whatever guest', async () => {
    const [nas, web] = [guestWith('nas'), guestWith('web')];
    const mendings = createMendings();
    const first = await mendings.read(nas.guest, 'enable-sleep');
    const second = await mendings.read(web.guest, 'add-agent-channel');
    expect(await refusal(mendings.apply(first.mendingId, findIn(nas.guest, web.guest)))).toMatchObject({
      remedy: 'Look at the change again.',
    });
    await mendings.apply(second.mendingId, findIn(nas.guest, web.guest));
    expect([nas.made.length, web.made.length]).toEqual([0, 1]);
    expect(web.notes).toEqual(['Its definition now has a channel for the guest agent, from its next start on.']);
  });

  it('that is answered late does not replace the one asked for since', async () => {
    let answer: (mending: Mending) => void = () => undefined;
    const slow = guestWith('nas', { mending: () => new Promise((resolve) => (answer = resolve)) });
    const web = guestWith('web');
    const mendings = createMendings();
    const late = mendings.read(slow.guest, 'enable-sleep');
    const { mendingId } = await mendings.read(web.guest, 'enable-sleep');
    answer(enabling);
    const { mendingId: lateId } = await late;
    expect(await refusal(mendings.apply(lateId, findIn(slow.guest, web.guest)))).toMatchObject({ code: 'wrong-state' });
    await mendings.apply(mendingId, findIn(slow.guest, web.guest));
    expect([slow.made.length, web.made.length]).toEqual([0, 1]);
  });

  it('of a guest that is gone is not made', async () => {
    const { guest, made } = guestWith('nas');
    const mendings = createMendings();
    const { mendingId } = await mendings.read(guest, 'enable-sleep');
    expect(await refusal(mendings.apply(mendingId, findIn()))).toMatchObject({ code: 'unknown-guest' });
    expect(await refusal(mendings.apply(mendingId, findIn(guest)))).toMatchObject({ code: 'wrong-state' });
    expect(made).toEqual([]);
  });

  it('that the hypervisor refuses is not noted as made', async () => {
    const refused = new RefusedError({ code: 'hypervisor-refused', message: 'The definition has changed since.' });
    const { guest, notes } = guestWith('nas', { mend: () => Promise.reject(refused) });
    const mendings = createMendings();
    const { mendingId } = await mendings.read(guest, 'enable-sleep');
    await expect(mendings.apply(mendingId, findIn(guest))).rejects.toBe(refused);
    expect(notes).toEqual([]);
  });

  it('of a guest without a machine is refused', async () => {
    const { guest } = guestWith('nas');
    const gone = { ...guest, machine: null } as Guest;
    expect(await refusal(createMendings().read(gone, 'enable-sleep'))).toMatchObject({ code: 'no-control' });
  });
});
