import { describe, expect, it } from 'vitest';
import { createLinkFollower } from '../../../main/desktop/link-follower';
import type { Notice } from '../../../main/guests/notices';
import type { GuestView } from '../../../preload/contract/view';
import { guestView, thisComputer } from '../../fakes/views';

function world(...names: string[]) {
  const guests: Record<string, GuestView> = {};
  const add = (id: string) => (guests[id] = guestView({ id }));
  names.forEach(add);
  const done: string[] = [];
  const notices = new Set<Notice>();
  let started = () => {};
  const target = {
    snapshot: () => ({ hosts: { here: thisComputer }, guests }),
    started: new Promise<void>((resolve) => (started = resolve)),
    open: () => void done.push('open'),
    reveal: (id: string) => void done.push(`reveal ${id}`),
    tell(notice: Notice) {
      notices.add(notice);
      return () => void notices.delete(notice);
    },
  };
  const settled = async () => {
    started();
    await target.started;
    await Promise.resolve();
  };
  return { add, done, notices, target, settled };
}

describe('links', () => {
  it('show a guest that is known, at once', () => {
    const { done, target } = world('web');
    const links = createLinkFollower();
    links.begin(target);
    links.follow('reveille://guest/web');
    expect(done).toEqual(['reveal web']);
  });

  it('before the app runs wait for it: the last counts', () => {
    const { done, target } = world('web', 'db');
    const links = createLinkFollower();
    links.follow('reveille://guest/web');
    links.follow('reveille://guest/db');
    links.follow('reveille://guest/web?sleep');
    links.begin(target);
    expect(done).toEqual(['reveal db']);
  });

  it('to a guest that is not found yet wait until the hosts were looked at', async () => {
    const { add, done, notices, target, settled } = world();
    const links = createLinkFollower();
    links.begin(target);
    links.follow('reveille://guest/this%20computer/web');
    expect(done).toEqual(['open']);
    add('web');
    await settled();
    expect(done).toEqual(['open', 'reveal web']);
    expect(notices.size).toBe(0);
  });

  it('to nobody are told, in one notice however many there are', async () => {
    const { done, notices, target, settled } = world('web');
    await settled();
    const links = createLinkFollower();
    links.begin(target);
    for (let time = 0; time < 5; time += 1) {
      links.follow(`reveille://guest/gone-${time}`);
      await settled();
    }
    expect([...notices].map(({ message }) => message)).toEqual(['A link was opened to the guest with the id gone-4, and none has it here.']);
    links.follow('reveille://guest/web');
    expect(notices.size).toBe(0);
    expect(done.at(-1)).toBe('reveal web');
  });

  it('that are overtaken by another while they wait are not told', async () => {
    const { done, notices, target, settled } = world('web');
    const links = createLinkFollower();
    links.begin(target);
    links.follow('reveille://guest/gone');
    links.follow('reveille://guest/web');
    await settled();
    expect(notices.size).toBe(0);
    expect(done).toEqual(['open', 'reveal web']);
  });

  it('that are none do nothing at all', async () => {
    const { done, notices, target, settled } = world('web');
    const links = createLinkFollower();
    links.begin(target);
    for (const text of ['reveille://guest/web/sleep/now', 'reveille://guest/web?action=suspend', 'reveille://sleep/web', 'reveille:web', 'https://web', '']) links.follow(text);
    await settled();
    expect([done, notices.size]).toEqual([[], 0]);
  });
});
