import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acceptsKey, knownTypes, readKnownHosts, type UnknownKey } from '../../../../main/hosts/ssh/host-keys';
import type { HostKeyAnswer } from '../../../../main/hosts/ssh/questions';
import { SshError } from '../../../../main/protocols/ssh/errors';
import { fingerprint, keyType } from '../../../../main/protocols/ssh/fingerprint';
import { nodeKnownHostsFs as fs } from '../../../../main/protocols/ssh/known-hosts-file';
import type { HostSettings } from '../../../../main/protocols/ssh/settings';
import type { PresentedHostKey, SshEndpoint } from '../../../../main/protocols/ssh/types';

const part = (bytes: Buffer) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const wire = (type: string, fill: number) => Buffer.concat([part(Buffer.from(type)), part(Buffer.alloc(32, fill))]);
const KEY = wire('ssh-ed25519', 1);
const OTHER = wire('ssh-ed25519', 2);
const text = (key: Buffer) => `${keyType(key) ?? ''} ${key.toString('base64')}`;

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'rev-keys-'));
  file = path.join(dir, 'ssh', 'known_hosts');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const settingsWith = (change: Partial<HostSettings> = {}): HostSettings => ({
  alias: 'nas',
  host: 'nas',
  port: 22,
  user: 'me',
  identityFiles: [],
  identityFilesAreDefaults: false,
  identitiesOnly: false,
  identityAgent: { kind: 'none' },
  userKnownHostsFiles: [file],
  globalKnownHostsFiles: [path.join(dir, 'global')],
  hashKnownHosts: false,
  hostKeyAlias: null,
  strictHostKeyChecking: 'ask',
  preferredAuthentications: null,
  publicKeyAuthentication: true,
  passwordAuthentication: true,
  keyboardInteractiveAuthentication: true,
  numberOfPasswordPrompts: 3,
  addressFamily: 'any',
  connectTimeoutSeconds: null,
  ...change,
});

/** Shows `key`, and notes what the user was asked. */
async function show(
  key: Buffer,
  options: { settings?: Partial<HostSettings>; answer?: HostKeyAnswer; once?: Set<string> } = {},
) {
  const settings = settingsWith(options.settings);
  const asked: (string | null)[] = [];
  const told: UnknownKey['authorities'][] = [];
  const presented: PresentedHostKey = {
    host: settings.host,
    port: settings.port,
    type: keyType(key) ?? '',
    key,
    fingerprint: fingerprint(key),
    endpoint: {} as SshEndpoint,
  };
  const ask = async ({ file: where, authorities }: UnknownKey) => {
    asked.push(where);
    if (authorities.length > 0) told.push(authorities);
    if (options.answer === undefined) throw new Error('The user was asked');
    return options.answer;
  };
  const accepted = await acceptsKey(presented, settings, { fs, once: options.once ?? new Set(), ask });
  return { accepted, asked, ...(told.length > 0 && { told }) };
}

const refusal = async (work: Promise<unknown>): Promise<SshError> => {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SshError);
  return error as SshError;
};

async function known(lines: string): Promise<void> {
  file = path.join(dir, 'known_hosts');
  await writeFile(file, lines, { mode: 0o600 });
}

describe('an unknown key', () => {
  it('that is accepted and saved is in the file, in a folder of the user alone, and not asked about again', async () => {
    expect(await show(KEY, { answer: 'save' })).toEqual({ accepted: true, asked: [file] });
    expect(await readFile(file, 'utf8')).toBe(`nas ${text(KEY)}\n`);
    expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
    expect(await show(KEY)).toEqual({ accepted: true, asked: [] });
    expect(await readdir(path.dirname(file))).toEqual(['known_hosts']);
  });

  it('that is accepted once is neither written nor asked about again in this run', async () => {
    const once = new Set<string>();
    expect(await show(KEY, { answer: 'once', once })).toEqual({ accepted: true, asked: [file] });
    expect(await show(KEY, { once })).toEqual({ accepted: true, asked: [] });
    expect(await readdir(dir)).toEqual([]);
    // Neither another key of the host nor the same key of another host was accepted with it.
    expect(await show(OTHER, { once, answer: 'refuse' })).toEqual({ accepted: false, asked: [file] });
    const attic = await show(KEY, { once, answer: 'refuse', settings: { host: 'attic' } });
    expect(attic).toEqual({ accepted: false, asked: [file] });
    const port = await show(KEY, { once, answer: 'refuse', settings: { port: 2222 } });
    expect(port.accepted).toBe(false);
  });

  it('that is refused is not written', async () => {
    expect(await show(KEY, { answer: 'refuse' })).toEqual({ accepted: false, asked: [file] });
    expect(await readdir(dir)).toEqual([]);
  });

  it('is refused unasked where StrictHostKeyChecking is yes', async () => {
    const error = await refusal(show(KEY, { settings: { strictHostKeyChecking: 'yes' } }));
    expect(error).toMatchObject({ kind: 'host-key', remedy: expect.stringContaining(file) });
    expect(error.message).toContain(fingerprint(KEY));
  });

  it.each(['accept-new', 'no'] as const)('is written unasked where StrictHostKeyChecking is %s', async (strictness) => {
    expect(await show(KEY, { settings: { strictHostKeyChecking: strictness } })).toEqual({ accepted: true, asked: [] });
    expect(await readFile(file, 'utf8')).toBe(`nas ${text(KEY)}\n`);
  });

  it.each([[[]], [['/dev/null']]])('is accepted for this run only where there is no file to write: %j', async (userKnownHostsFiles) => {
    const once = new Set<string>();
    expect(await show(KEY, { settings: { userKnownHostsFiles }, answer: 'save', once })).toEqual({ accepted: true, asked: [null] });
    expect(await show(KEY, { settings: { userKnownHostsFiles }, once })).toEqual({ accepted: true, asked: [] });
    const unasked = { userKnownHostsFiles, strictHostKeyChecking: 'no' as const };
    expect(await show(OTHER, { settings: unasked, once })).toEqual({ accepted: true, asked: [] });
    expect(await readdir(dir)).toEqual([]);
  });

  it('of a host that has certificate authorities is asked about with them, and refused with them', async () => {
    await known(`attic ${text(OTHER)}\n@cert-authority nas,nas.home ${text(OTHER)}\n@cert-authority * ${text(OTHER)}\n`);
    const told = [[{ file, line: 2 }, { file, line: 3 }]];
    expect(await show(KEY, { answer: 'refuse' })).toEqual({ accepted: false, asked: [file], told });
    const error = await refusal(show(KEY, { settings: { strictHostKeyChecking: 'yes' } }));
    expect(error.message).toContain(`@cert-authority in ${file} line 2, ${file} line 3 is not heeded`);
  });

  it('is not written to a file that is read-only', async () => {
    await known('# mine\n');
    await chmod(file, 0o400);
    const error = await refusal(show(KEY, { answer: 'save' }));
    expect(error).toMatchObject({ kind: 'host-key', message: expect.stringContaining(`${file}: it is read-only`) });
    expect(await readFile(file, 'utf8')).toBe('# mine\n');
  });

  it('is written by its port, by its alias, or hashed, as the configuration says', async () => {
    await known('# mine\n\nattic ssh-ed25519 garbage');
    await show(KEY, { answer: 'save', settings: { port: 2222 } });
    await show(KEY, { answer: 'save', settings: { port: 2222, hostKeyAlias: 'store' } });
    await show(KEY, { answer: 'save', settings: { host: 'hidden', hashKnownHosts: true } });
    const lines = (await readFile(file, 'utf8')).split('\n');
    expect(lines.slice(0, 5)).toEqual(['# mine', '', 'attic ssh-ed25519 garbage', `[nas]:2222 ${text(KEY)}`, `store ${text(KEY)}`]);
    expect(lines[5]).toMatch(/^\|1\|.+ ssh-ed25519 /);
    expect((await show(KEY, { settings: { host: 'hidden' } })).asked).toEqual([]);
  });
});

describe('a key that is recorded otherwise', () => {
  it.each(['yes', 'ask', 'accept-new', 'no'] as const)('(%s) is refused with both fingerprints, the file and the line', async (strictness) => {
    await known(`# mine\nnas ${text(OTHER)}\n`);
    const error = await refusal(show(KEY, { settings: { strictHostKeyChecking: strictness } }));
    expect(error.kind).toBe('host-key');
    for (const part of [fingerprint(KEY), fingerprint(OTHER), `${file} line 2`]) expect(error.message).toContain(part);
    expect(error.remedy).toContain(`ssh-keygen -R 'nas' -f '${file}'`);
    expect(await readFile(file, 'utf8')).toBe(`# mine\nnas ${text(OTHER)}\n`);
  });

  it('is refused even when it was accepted once before', async () => {
    const once = new Set<string>();
    await show(KEY, { answer: 'once', once });
    await known(`nas ${text(OTHER)}\n`);
    await refusal(show(KEY, { once }));
  });

  it('is refused when it is revoked, whatever else is known', async () => {
    await known(`nas ${text(KEY)}\n@revoked * ${text(KEY)}\n`);
    const error = await refusal(show(KEY));
    expect(error).toMatchObject({ kind: 'host-key', message: expect.stringContaining(`${file} line 2`) });
  });

  it('is looked for in all files', async () => {
    await writeFile(path.join(dir, 'global'), `nas ${text(OTHER)}\n`);
    expect((await refusal(show(KEY))).message).toContain(`${path.join(dir, 'global')} line 1`);
    expect(knownTypes(await readKnownHosts(settingsWith(), fs), settingsWith())).toEqual(['ssh-ed25519']);
  });
});

it('a file that cannot be read is no empty file', async () => {
  file = dir;
  expect(await refusal(show(KEY))).toMatchObject({ kind: 'host-key', remedy: expect.stringContaining(dir) });
});
