import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Patch } from '../../preload/contract/view';
import { memorySecretStore } from '../fakes/secret-store';
import { isMissing } from '../support/requires';
import { makeKey } from '../support/ssh-keys';
import { hostLines, linesOf, startSshUser } from '../support/ssh-user';
import { accountsPresent, startSshd, type TestSshd } from '../support/sshd';

/** Words that stand nowhere else. */
const PLANTED = {
  password: 'pw-Zx7Qk2-right',
  wrongPassword: 'pw-Zx7Qk2-wrong',
  passphrase: 'pp-Vn4Lt9-right',
  wrongPassphrase: 'pp-Vn4Lt9-wrong',
  expired: 'pw-Zx7Qk2-outdated',
};
const MARKS = /pw-Zx7Qk2|pp-Vn4Lt9|PRIVATE KEY/;

/** What all processes show of themselves to whoever may look: arguments and environments. */
function processes(): string {
  const texts = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => ['cmdline', 'environ', 'comm'].map((file) => readOrNothing(`/proc/${pid}/${file}`)));
  return texts.join('\n');
}

/** A process may end while it is looked at. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return '';
    throw error;
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const found = statSync(path);
    return found.isDirectory() ? filesBelow(path) : found.isFile() ? [path] : [];
  });
}

describe.skipIf(isMissing('mount namespaces', accountsPresent))('secrets', () => {
  const ending: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const each of ending.splice(0).reverse()) await each.stop();
  });

  it('show nowhere: not in patches, errors, output, files, arguments or environments', async () => {
    const output: string[] = [];
    for (const stream of [process.stdout, process.stderr]) {
      const write = stream.write.bind(stream);
      vi.spyOn(stream, 'write').mockImplementation((...args: unknown[]) => {
        output.push(String(args[0]));
        return (write as (...args: unknown[]) => boolean)(...args);
      });
    }
    for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const) {
      vi.spyOn(console, level).mockImplementation((...args: unknown[]) => void output.push(args.map(String).join(' ')));
    }
    const seen: string[] = [];
    const sampler = setInterval(() => seen.push(processes()), 15);
    ending.push({ stop: async () => clearInterval(sampler) });

    const patches: Patch[] = [];
    const store = memorySecretStore();
    const user = await startSshUser({ secrets: store, onPatch: (patch) => void patches.push(structuredClone(patch)) });
    ending.push(user);
    const key = makeKey(join(user.home), { passphrase: PLANTED.passphrase });
    const serve = async (options: Parameters<typeof startSshd>[0]): Promise<TestSshd> => {
      const sshd = await startSshd(options);
      ending.push(sshd);
      return sshd;
    };
    const locked = await serve({ authorizedKeys: [key] });
    const pat = await serve({
      accounts: [{ name: 'pat', password: PLANTED.password }],
      config: ['PasswordAuthentication yes', 'LogLevel DEBUG3'],
    });
    const pam = await serve({
      accounts: [{ name: 'pat', password: PLANTED.password }],
      pam: 'auth required pam_unix.so nodelay\naccount required pam_permit.so\nsession required pam_permit.so\n',
      config: ['UsePAM yes', 'KbdInteractiveAuthentication yes', 'LogLevel DEBUG3'],
    });
    store.kept.set(`password:pat@127.0.0.1:${pat.port}`, PLANTED.expired);
    await user.knownHosts.write(linesOf(locked, pat, pam));
    await user.configure(
      ...hostLines('locked', locked, `IdentityFile ${key.path}`),
      ...hostLines('pat', pat, 'User pat'),
      ...hostLines('pam', pam, 'User pat', 'ProxyJump pat'),
    );
    const [one, two, three] = [await user.add('locked'), await user.add('pat'), await user.add('pam')] as const;
    await user.tell(one, [PLANTED.wrongPassphrase], true);
    await user.tell(one, [PLANTED.passphrase], true);
    // The jump host's password is asked for once, by whichever of its two users came first.
    const question = await user.app.until('the password is asked for', ({ prompts }) =>
      Object.values(prompts).find((prompt) => prompt.kind === 'secret' && (prompt.hostId === two || prompt.hostId === three)),
    );
    const asker = question.kind === 'secret' ? question.hostId : null;
    for (const wrong of [1, 2, 3]) await user.tell(asker!, [`${PLANTED.wrongPassword}${wrong}`], true);
    const blocked = await user.untilLink(asker!, 'blocked');
    const other = asker === two ? three : two;
    await user.tell(other, [PLANTED.password], true);
    await user.app.call('connectHost', { hostId: asker! });
    await user.untilLink(two, 'ready');
    await user.tell(three, [PLANTED.wrongPassword], true);
    await user.tell(three, [PLANTED.password], true);
    for (const hostId of [one, two, three]) await user.untilLink(hostId, 'ready');
    const refused = await user.app.tryCall('answerSecret', { promptId: 'none', answers: [PLANTED.password], keep: true });
    const malformed = await user.app.tryCall('answerSecret', { promptId: 'x', answers: PLANTED.password as never, keep: true });
    const { testId } = await user.app.call('testHost', { address: 'pam' });
    const test = await user.app.until('the test is done', ({ tests }) => tests[testId]?.done && tests[testId]);
    expect(test.steps.map(({ name, state }) => `${name} ${state}`)).toContain('authentication passed');

    // Were they kept at all, and was everything looked at?
    expect([...store.kept.values()].sort()).toEqual([PLANTED.passphrase, PLANTED.password, PLANTED.password].sort());
    expect(seen.length).toBeGreaterThan(20);
    expect(seen.join('')).toContain(locked.folder);
    expect(JSON.stringify(patches)).toContain('The password that Reveille knew was not accepted.');
    const files = filesBelow(user.home).filter((file) => file !== key.path);
    expect(files.filter((file) => file.endsWith('hosts.json'))).toHaveLength(1);

    const places = {
      patches: JSON.stringify(patches),
      snapshot: JSON.stringify(user.app.view),
      errors: JSON.stringify([blocked, refused, malformed, test]),
      output: output.join('\n'),
      processes: seen.join('\n'),
      logs: [locked, pat, pam].map((sshd) => sshd.log()).join('\n'),
      ...Object.fromEntries(files.map((file) => [file, readFileSync(file, 'latin1')])),
      home: existsSync(pat.home('pat')) ? filesBelow(pat.home('pat')).map((file) => readFileSync(file, 'latin1')).join('\n') : '',
    };
    for (const [place, text] of Object.entries(places)) expect(MARKS.exec(text)?.[0], place).toBeUndefined();
  });
});
