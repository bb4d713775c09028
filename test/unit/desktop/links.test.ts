import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brokenLinkNotice, linkedGuests, LONGEST_LINK, looksLikeLink, parseLink } from '../../../main/desktop/links';
import { guestId } from '../../../main/guests/remembered';
import { guestLink } from '../../../preload/contract/links';
import type { HostView } from '../../../preload/contract/view';
import { guestView, thisComputer } from '../../fakes/views';

const nas: HostView = { ...thisComputer, id: 'ssh-1', kind: 'ssh', name: 'Cellar', address: 'me@nas.lan:2222' };
const view = {
  hosts: { here: thisComputer, 'ssh-1': nas },
  guests: {
    a: guestView({ id: 'a', name: 'web' }),
    b: guestView({ id: 'b', name: 'web', hostId: 'ssh-1' }),
    c: guestView({ id: 'c', name: 'büro & co/1', hostId: 'ssh-1' }),
    d: guestView({ id: 'd', name: 'twin', hostId: 'ssh-1' }),
    e: guestView({ id: 'e', name: 'twin', hostId: 'ssh-1' }),
  },
};
const found = (text: string) => {
  const link = parseLink(text);
  return link && linkedGuests(link, view);
};

describe('a link', () => {
  it('names a guest by its id, as “Copy link” writes it', () => {
    expect(found(guestLink('b'))).toEqual(['b']);
    expect(guestLink('ssh-1-x_Y')).toBe('reveille://guest/ssh-1-x_Y');
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.string({ maxLength: 200 }), (host, key) => {
        const id = guestId(`ssh-${host.replace(/[^a-z0-9]/g, '')}`, key);
        expect(parseLink(guestLink(id))).toEqual({ kind: 'id', guestId: id });
      }),
    );
  });

  it('or by its host’s name or address, and its own name', () => {
    expect(found('reveille://guest/This%20computer/web')).toEqual(['a']);
    expect(found('reveille://guest/localhost/web')).toEqual(['a']);
    expect(found('reveille://guest/cellar/web')).toEqual(['b']);
    expect(found('reveille://guest/me@nas.lan:2222/web')).toEqual(['b']);
    expect(found('reveille://guest/me%40NAS.lan%3a2222/b%C3%BCro%20%26%20co%2F1')).toEqual(['c']);
    expect(found('REVEILLE://Guest/Cellar/web')).toEqual(['b']);
    expect(found('reveille://guest/Cellar/WEB')).toEqual([]);
    expect(found('reveille://guest/Cellar/twin')).toEqual(['d', 'e']);
  });

  it('reads back whatever name it was made of', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((text) => !/[\p{C}\p{Zl}\p{Zp}]/u.test(text));
    fc.assert(
      fc.property(name, name, (host, guest) => {
        const text = `reveille://guest/${encodeURIComponent(host)}/${encodeURIComponent(guest)}`;
        fc.pre(text.length <= LONGEST_LINK);
        expect(parseLink(text)).toEqual({ kind: 'name', host, guest });
      }),
    );
  });

  it.each([
    '', 'reveille:', 'reveille://', 'reveille://guest', 'reveille://guest/', 'reveille://guest//', 'reveille://guest/a/', 'reveille://guest//a',
    'reveille://guest/a/b/c', 'reveille://guest/a/b/suspend', 'reveille://guest/a?action=suspend', 'reveille://guest/a#suspend', 'reveille://suspend/a',
    'reveille://host/a', 'reveille://me@guest/a', 'reveille://guest:1/a', 'reveille:guest/a', 'reveille:/guest/a', 'reveille:///guest/a',
    'https://guest/a', ' reveille://guest/a', 'reveille://guest/a ', 'reveille://guest/a\n', 'reveille://guest/a b', 'reveille://guest/a\\b',
    'reveille://guest/%', 'reveille://guest/%4', 'reveille://guest/%zz', 'reveille://guest/%ff', 'reveille://guest/%c0%af', 'reveille://guest/%ed%a0%80',
    'reveille://guest/a%00b', 'reveille://guest/a%0Ab', 'reveille://guest/a%7f', 'reveille://guest/%E2%80%AEfdp', 'reveille://guest/ü', 'reveille://guest/"a"',
    'reveille://guest/<a>', 'reveille://guest/a|b', 'reveille://guest/$(a)`', 'reveille://guest/[a]', `reveille://guest/${'a'.repeat(LONGEST_LINK)}`,
  ])('is not %j', (text) => {
    expect(parseLink(text)).toBeNull();
  });

  it('is never more than a guest to be shown, whatever is in it', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(fc.constantFrom('reveille://guest/', 'reveille:', 'Reveille://guest/a/', 'reveille://guest/..%2f'), fc.string({ unit: 'binary' })).map((parts) => parts.join('')),
      fc.webUrl({ validSchemes: ['reveille'], withFragments: true, withQueryParameters: true }),
    );
    fc.assert(
      fc.property(text, (given) => {
        const link = parseLink(given);
        if (link === null) return;
        const names = link.kind === 'id' ? [link.guestId] : [link.host, link.guest];
        expect(Object.keys(link)).toHaveLength(names.length + 1);
        for (const name of names) expect(name).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u);
        expect(looksLikeLink(given)).toBe(true);
        expect(given).not.toMatch(/[?#\\\s]/);
        for (const id of linkedGuests(link, view)) expect(Object.keys(view.guests)).toContain(id);
      }),
      { numRuns: 2000 },
    );
  });

  it('finds no guest by a name that every object has', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) expect(found(`reveille://guest/${name}`)).toEqual([]);
  });

  it('takes no time that grows with its length', () => {
    const hostile = `reveille://guest/${'%41'.repeat(600)}${'a'.repeat(200)}!?`;
    expect(parseLink(hostile)).toBeNull();
    expect(parseLink(`reveille://guest/${'a'.repeat(50_000_000)}`)).toBeNull();
  });
});

describe('what the user is told of a link that does not mean one guest', () => {
  it('names what it named', () => {
    expect(brokenLinkNotice({ kind: 'id', guestId: 'gone' }, 0)).toMatchObject({
      severity: 'warning',
      title: 'The guest of a link is not on the list',
      message: 'A link was opened to the guest with the id gone, and none has it here.',
    });
    expect(brokenLinkNotice({ kind: 'name', host: 'nas', guest: 'twin' }, 2)).toMatchObject({
      title: 'A link fits several guests',
      message: '2 guests have the name twin on nas.',
    });
  });
});
