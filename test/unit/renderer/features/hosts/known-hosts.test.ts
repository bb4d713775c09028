import { describe, expect, it } from 'vitest';
import { matchingHosts } from '../../../../../renderer/features/hosts/known-hosts';

const hosts = [
  { alias: 'attic', address: 'me@192.168.1.20' },
  { alias: 'old-nas', address: 'me@nas.local' },
  { alias: 'NAS', address: 'me@10.0.0.1' },
];
const found = (text: string) => matchingHosts(hosts, text).map(({ alias }) => alias);

describe('hosts to pick from', () => {
  it('are all of them before anything is typed', () => {
    expect(found(' ')).toEqual(['attic', 'old-nas', 'NAS']);
  });

  it('hold what is typed, whatever the case; those that begin with it lead', () => {
    expect(found('nas')).toEqual(['NAS', 'old-nas']);
    expect(found('192.168')).toEqual(['attic']);
    expect(found('zzz')).toEqual([]);
  });

  it('are found behind a user’s name, too', () => {
    expect(found('root@att')).toEqual(['attic']);
  });
});
