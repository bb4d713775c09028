import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprint, keyType } from '../../../../main/protocols/ssh/fingerprint';
import {
  knownHostLine,
  knownKeyTypes,
  orderHostKeyAlgorithms,
  parseKnownHosts,
  verifyHostKey,
} from '../../../../main/protocols/ssh/known-hosts';

const wire = (type: string, fill: number) => {
  const part = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  return Buffer.concat([part(Buffer.from(type)), part(Buffer.alloc(32, fill))]);
};
const ED = wire('ssh-ed25519', 1);
const ED2 = wire('ssh-ed25519', 2);
const RSA = wire('ssh-rsa', 3);
const text = (key: Buffer) => `${keyType(key) ?? ''} ${key.toString('base64')}`;
const NAS = { host: 'nas', port: 22 };
const NAS_2222 = { host: 'NAS', port: 2222 };
const judge = (lines: string[], key: Buffer, name: { host: string; port: number; alias?: string } = NAS) =>
  verifyHostKey(parseKnownHosts('/k', lines.join('\n')), name, key);

describe('verifyHostKey', () => {
  it('knows a key by its line', () => {
    expect(judge(['# nas', '', `other,nas ${text(ED)} me@desk\r`], ED)).toEqual({
      kind: 'known',
      file: '/k',
      line: 3,
    });
  });

  it('shows the recorded key of the same type when a key is changed', () => {
    expect(judge([`nas ${text(RSA)}`, `nas ${text(ED)}`], ED2)).toEqual({
      kind: 'changed',
      file: '/k',
      line: 2,
      keyType: 'ssh-ed25519',
      fingerprint: fingerprint(ED),
    });
    expect(judge([`nas ${text(RSA)}`], ED)).toMatchObject({ kind: 'changed', line: 1, keyType: 'ssh-rsa' });
  });

  it('lets nothing outweigh a revocation', () => {
    expect(judge([`nas ${text(ED)}`, `@revoked * ${text(ED)}`], ED)).toMatchObject({
      kind: 'revoked',
      line: 2,
    });
    expect(judge([`@revoked\tnas ${text(ED)}`], ED)).toMatchObject({ kind: 'revoked' });
    expect(judge([`[nas]:2222 ${text(ED)}`, `@revoked nas ${text(ED)}`], ED, NAS_2222)).toMatchObject({
      kind: 'revoked',
      line: 2,
    });
    expect(judge([`@revoked other ${text(ED)}`], ED)).toMatchObject({ kind: 'unknown' });
    expect(judge([`@revoked nas ${text(ED)}`], ED2)).toMatchObject({ kind: 'unknown' });
  });

  it('names the authorities, which it cannot use', () => {
    expect(judge([`@cert-authority *,!box ${text(ED)}`, `@cert-authority box ${text(ED)}`], ED)).toEqual({
      kind: 'unknown',
      authorities: [{ file: '/k', line: 1 }],
    });
  });

  it('knows another port by the plain name, and is not alarmed by it', () => {
    expect(judge([`nas ${text(ED)}`], ED, NAS_2222)).toMatchObject({ kind: 'known', line: 1 });
    expect(judge([`nas ${text(ED)}`], ED2, NAS_2222)).toMatchObject({ kind: 'unknown' });
    expect(judge([`[nas]:2222 ${text(ED)}`, `nas ${text(ED2)}`], ED2, NAS_2222)).toMatchObject({
      kind: 'changed',
    });
    expect(judge([`[nas]:2222 ${text(ED)}`], ED)).toMatchObject({ kind: 'unknown' });
  });

  it('looks an alias up without the port', () => {
    const aliased = { host: 'nas', port: 2222, alias: 'Store' };
    expect(judge([`store ${text(ED)}`], ED, aliased)).toMatchObject({ kind: 'known' });
    expect(judge([`nas,[nas]:2222 ${text(ED)}`], ED, aliased)).toMatchObject({ kind: 'unknown' });
  });

  it('takes no damaged line for an entry', () => {
    const damaged = [
      `nas`,
      `nas ssh-ed25519`,
      `nas ssh-rsa ${ED.toString('base64')}`,
      `nas ssh-ed25519 ${ED.toString('base64').slice(0, -3)}`,
      `@other nas ${text(ED)}`,
      `@revoked @revoked nas ${text(ED)}`,
      `|1|x|y ${text(ED)}`,
      `nas ssh-ed25519 AAAA`,
    ];
    expect(judge(damaged, ED)).toEqual({ kind: 'unknown', authorities: [] });
  });

  it('reads anything without throwing', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'@|1 \tnas#!*,=\r\n', 'ssh-rsa', 'AAAA') }),
        (content) => {
          expect(verifyHostKey(parseKnownHosts('/k', content), NAS, ED).kind).toBe('unknown');
        },
      ),
    );
  });
});

describe('knownHostLine', () => {
  it('writes what OpenSSH writes', () => {
    expect(knownHostLine(NAS, ED)).toBe(`nas ${text(ED)}`);
    expect(knownHostLine(NAS_2222, ED)).toBe(`[nas]:2222 ${text(ED)}`);
    expect(knownHostLine({ host: '::1', port: 22 }, ED)).toBe(`::1 ${text(ED)}`);
    expect(knownHostLine({ host: 'nas', port: 9, alias: 'Store' }, ED)).toBe(`store ${text(ED)}`);
  });

  it('hides the name when it is hashed, with a new salt each time', () => {
    const [first, second] = [1, 2].map(() => knownHostLine(NAS_2222, ED, { hash: true }));
    expect(first).toMatch(/^\|1\|[A-Za-z0-9+/]{27}=\|[A-Za-z0-9+/]{27}= ssh-ed25519 /);
    expect(first).not.toBe(second);
    expect(judge([first!], ED, NAS_2222)).toMatchObject({ kind: 'known' });
    expect(judge([first!], ED)).toMatchObject({ kind: 'unknown' });
  });

  it('takes no hash for one whose salt is cut', () => {
    const salt = Buffer.alloc(10, 1);
    const hash = createHmac('sha1', salt).update('nas').digest('base64');
    expect(judge([`|1|${salt.toString('base64')}|${hash} ${text(ED)}`], ED)).toMatchObject({
      kind: 'unknown',
    });
  });

  it.each(['a b', 'a,b', '*', '!nas', '|1|x', '#nas', '@revoked', 'a\nb', ''])(
    'refuses the name %j',
    (host) => {
      expect(() => knownHostLine({ host, port: 22 }, ED)).toThrow(RangeError);
    },
  );

  it('refuses bytes that are no key', () => {
    expect(() => knownHostLine(NAS, Buffer.from('ssh-ed25519'))).toThrow(RangeError);
  });
});

describe('key types', () => {
  it('puts algorithms first that show a known key', () => {
    const entries = parseKnownHosts(
      '/k',
      [`nas ${text(RSA)}`, `@revoked nas ${text(ED)}`, `nas ${text(RSA)}`].join('\n'),
    );
    expect(knownKeyTypes(entries, NAS)).toEqual(['ssh-rsa']);
    expect(knownKeyTypes(entries, NAS_2222)).toEqual(['ssh-rsa']);
    expect(knownKeyTypes(entries, { host: 'box', port: 22 })).toEqual([]);
    const algorithms = ['ssh-ed25519', 'rsa-sha2-512', 'ecdsa-sha2-nistp256', 'rsa-sha2-256'];
    expect(orderHostKeyAlgorithms(algorithms, ['ssh-rsa'])).toEqual([
      'rsa-sha2-512',
      'rsa-sha2-256',
      'ssh-ed25519',
      'ecdsa-sha2-nistp256',
    ]);
    expect(orderHostKeyAlgorithms(algorithms, [])).toEqual(algorithms);
  });

  it('are read from the key', () => {
    expect(keyType(RSA)).toBe('ssh-rsa');
    for (const bytes of [
      '',
      '\0\0\0\u0007ssh-rsa',
      '\0\0\0\0',
      '\u00ff\u00ff\u00ff\u00ffx',
      '\0\0\0\u0001\nxx',
    ])
      expect(keyType(Buffer.from(bytes, 'latin1'))).toBeNull();
  });
});
