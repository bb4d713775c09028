import type { GuestView } from '../../../preload/contract/view';
import { call } from '../../bridge';
import { guestName } from '../../text';
import { useRemote } from '../../ui/remote';
import { Block } from '../../ui/untrusted';
import { inUseWords, type GuestUse, type NamedUse } from '../../use-words';

/** More are not looked at: it would cost hosts behind SSH a session for each. */
const MOST = 30;

const unknown: GuestUse = { users: null, cpuPercent: null };

async function lookAt(ids: string): Promise<{ ok: true; value: readonly (readonly [string, GuestUse])[] }> {
  const uses = await Promise.all(
    ids.split(' ').map(async (guestId) => {
      const answer = await call('readUse', { guestId });
      return [guestId, answer.ok ? answer.value : unknown] as const;
    }),
  );
  return { ok: true, value: uses };
}

/** Warns when guests that are to sleep are in use. Looked at once, when it is first shown; says so meanwhile, in the same place. */
export function InUse({ guests }: { guests: readonly GuestView[] }) {
  const running = guests.filter(({ state }) => state.name === 'running');
  if (running.length === 0) return null;
  if (running.length > MOST) {
    return <p className="use hint">With more than {MOST} guests, whether they are in use is not looked at.</p>;
  }
  return <Looked guests={running} />;
}

function Looked({ guests }: { guests: readonly GuestView[] }) {
  const looked = useRemote(guests.map(({ id }) => id).join(' '), '', lookAt);
  return (
    <div className="use" role="status">
      {looked.value === null ? (
        <p className="hint">Looking whether {guests.length === 1 ? 'it is' : 'they are'} in use…</p>
      ) : (
        <Told uses={named(guests, looked.value)} />
      )}
    </div>
  );
}

const named = (guests: readonly GuestView[], uses: readonly (readonly [string, GuestUse])[]): NamedUse[] => {
  const names = new Map(guests.map(({ id, name }) => [id, guestName(name)]));
  return uses.map(([id, use]) => ({ name: names.get(id) ?? '', use }));
};

function Told({ uses }: { uses: readonly NamedUse[] }) {
  const { inUse, rest } = inUseWords(uses);
  if (inUse.length === 0) return <p className="hint">{rest}</p>;
  return (
    <ul className="note" aria-label="In use">
      {inUse.map((text) => (
        <li key={text}>
          <Block text={text} />
        </li>
      ))}
    </ul>
  );
}
