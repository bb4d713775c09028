import { describe, expect, it } from 'vitest';
import {
  parseId,
  parseOwnership,
  permissionDetail,
  permissionRemedy,
} from '../../../../main/hosts/ssh/permission';

const me = { uid: 1000, name: 'me', groups: [1000] };
const socket = (mode: string, owner: [number, string], group: [number, string], obstacle = '/run/a.qmp') => ({
  path: '/run/a.qmp',
  obstacle,
  ownership: { mode, uid: owner[0], gid: group[0], owner: owner[1], group: group[1] },
});

describe('parseId', () => {
  it.each([
    ['uid=0(root) gid=0(root) groups=0(root)\n', { uid: 0, name: 'root', groups: [0] }],
    ['uid=54321 gid=54321 groups=54321\n', { uid: 54_321, name: '54321', groups: [54_321] }],
    [
      'uid=1000(me) gid=100(users) groups=10(wheel),36(kvm),100(users) context=u:r:t:s0\n',
      { uid: 1000, name: 'me', groups: [100, 10, 36] },
    ],
    [
      'uid=7(DOM\\a b) gid=513(domain users) groups=513(domain users),600(x, y)\n',
      { uid: 7, name: 'DOM\\a b', groups: [513, 600] },
    ],
    ['uid=1(a) gid=2(b)\n', { uid: 1, name: 'a', groups: [2] }],
  ])('%s', (text, user) => {
    expect(parseId(text)).toEqual(user);
  });
  it('refuses anything else', () => {
    expect(parseId('id: not found')).toBeNull();
  });
});

describe('parseOwnership', () => {
  it('takes names from the second line where they are single words', () => {
    const numeric = 'srwxrwx--- 1 64055 64055 0 Nov 22 21:21 /run/a.qmp';
    expect(parseOwnership(numeric, 'srwxrwx--- 1 libvirt-qemu kvm 0 Nov 22 21:21 /run/a.qmp')).toEqual({
      mode: 'srwxrwx---',
      uid: 64_055,
      gid: 64_055,
      owner: 'libvirt-qemu',
      group: 'kvm',
    });
    expect(parseOwnership(numeric, 'srwxrwx--- 1 me domain users 0 Nov 22 21:21 /run/a.qmp')).toMatchObject({
      owner: '64055',
      group: '64055',
    });
    expect(parseOwnership(numeric, '')).toMatchObject({ owner: '64055' });
    expect(parseOwnership('drwxr-x---+   5 0   107   4096 Nov 22 /x', '')).toMatchObject({
      mode: 'drwxr-x---+',
      gid: 107,
    });
    expect(parseOwnership('ls: /run/a.qmp: Permission denied', '')).toBeNull();
  });
});

describe('the remedy', () => {
  it('is the group that may write', () => {
    expect(permissionRemedy(me, socket('srwxrwx---', [64_055, 'libvirt-qemu'], [36, 'kvm']))).toBe(
      'On the host, run: sudo usermod -aG kvm me. Then disconnect and connect again. Or connect as libvirt-qemu.',
    );
  });
  it('is another user where the group may not, is the user’s own, or is root’s', () => {
    const root = [0, 'root'] as [number, string];
    expect(permissionRemedy(me, socket('srwxr-xr-x', root, [36, 'kvm']))).toMatch(
      /^Connect as root\. .*setfacl -m u:me:rw \/run\/a\.qmp$/,
    );
    expect(permissionRemedy({ ...me, groups: [36] }, socket('srwxrwx---', root, [36, 'kvm']))).toMatch(
      /^Connect as root/,
    );
    expect(permissionRemedy(me, socket('srwxrwx---', root, root))).toMatch(/^Connect as root/);
  });
  it('is about a folder that may not be entered', () => {
    const folder = socket('drwxr-x---', [0, 'root'], [107, 'libvirt'], '/run');
    expect(permissionRemedy(me, folder)).toContain('usermod -aG libvirt me');
    expect(permissionDetail(me, folder)).toBe(
      'The folder /run above its socket /run/a.qmp belongs to root:libvirt (drwxr-x---), and me may not enter it.',
    );
    expect(permissionRemedy(me, socket('drwxr-----', [0, 'root'], [107, 'libvirt'], '/run'))).toMatch(
      /setfacl -m u:me:x \/run$/,
    );
  });
  it('quotes what a shell would read', () => {
    expect(
      permissionRemedy(me, {
        ...socket('srwx------', [0, 'root'], [0, 'root'], "/a b'$(id)"),
        path: "/a b'$(id)",
      }),
    ).toMatch(/ '\/a b'\\''\$\(id\)'$/);
  });
});
