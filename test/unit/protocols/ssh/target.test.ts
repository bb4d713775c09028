import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTarget, parseTarget } from '../../../../main/protocols/ssh/target';

describe('parseTarget', () => {
  it.each([
    ['nas', { host: 'nas' }],
    ['  me@nas ', { host: 'nas', user: 'me' }],
    ['nas:2222', { host: 'nas', port: 2222 }],
    ['ssh://me@nas:2222', { host: 'nas', user: 'me', port: 2222 }],
    ['SSH://nas/', { host: 'nas' }],
    ['ssh://a%40b@nas', { host: 'nas', user: 'a@b' }],
    ['me@example.org@nas', { host: 'nas', user: 'me@example.org' }],
    ['me@[::1]:2222', { host: '::1', user: 'me', port: 2222 }],
    ['[::1]', { host: '::1' }],
    ['me@fe80::1%eth0', { host: 'fe80::1%eth0', user: 'me' }],
    ['ssh://[2001:db8::1]:22', { host: '2001:db8::1', port: 22 }],
    ['my_box.lan', { host: 'my_box.lan' }],
    ['büro', { host: 'büro' }],
  ])('reads %s', (text, target) => {
    expect(parseTarget(text)).toEqual({ ok: true, target });
  });

  it.each([
    ['', 'Type a host'],
    ['   ', 'Type a host'],
    ['me@', 'Name the host'],
    ['@nas', 'Name the user'],
    [':22', 'before the port'],
    ['nas:', 'no port'],
    ['nas:0', 'no port'],
    ['nas:65536', 'no port'],
    ['nas:22x', 'no port'],
    ['::1:zz:2222', '[::1]:2222'],
    ['[nas]:22', 'no IPv6'],
    ['http://nas', 'not SSH'],
    ['ssh me@nas', 'Leave out the command'],
    ['ssh://nas/etc/passwd', 'leave out the path'],
    ['ssh://%zz@nas', '%'],
    ['ssh://me;fingerprint=x@nas', ';'],
    ['-oProxyCommand=id', 'no host name'],
    ['-l@nas', 'no user name'],
    ['a b', 'no host name'],
    ['$(id)', 'no host name'],
    ['nas\nnas', 'control characters'],
    ['ssh://%0a@nas', 'no user name'],
    ['nas\u202e', 'control characters'],
  ])('says what is wrong with %j', (text, part) => {
    const parsed = parseTarget(text);
    expect(parsed.ok ? parsed : parsed.error).toContain(part);
  });

  it('does not repeat a password', () => {
    for (const text of ['ssh://me:hunter2@nas', 'ssh://me:hunter2@nas:x/']) {
      expect(parseTarget(text)).toEqual({ ok: false, error: expect.not.stringContaining('hunter2') });
    }
  });

  it('reads back what it wrote, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'a@:[]%.-/1sh') })), (text) => {
        const parsed = parseTarget(text);
        if (parsed.ok) expect(parseTarget(formatTarget(parsed.target))).toEqual(parsed);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(
        fc.record(
          {
            host: fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()),
            user: fc.stringMatching(/^[a-z][a-z@._-]{0,8}$/),
            port: fc.integer({ min: 1, max: 65_535 }),
          },
          { requiredKeys: ['host'] },
        ),
        (target) => {
          expect(parseTarget(formatTarget(target))).toEqual({ ok: true, target });
        },
      ),
    );
  });
});
