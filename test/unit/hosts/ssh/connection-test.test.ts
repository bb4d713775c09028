import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../../main/clock';
import { testConnection, type TestStep } from '../../../../main/hosts/ssh/connection-test';
import { createQuestions } from '../../../../main/hosts/ssh/questions';
import { createSecrets } from '../../../../main/hosts/ssh/secrets';
import { connectSsh } from '../../../../main/protocols/ssh/connection';
import { SshError } from '../../../../main/protocols/ssh/errors';
import type { SshEndpoint, SshStepName } from '../../../../main/protocols/ssh/types';
import { testOutcome } from '../../../../renderer/test-steps';
import { noKnownHosts } from '../../../fakes/known-hosts-fs';
import { noKeyring } from '../../../fakes/secret-store';
import { freePort } from '../../../support/sshd';

vi.mock(import('../../../../main/protocols/ssh/connection'), async (original) => {
  const real = await original();
  return { ...real, connectSsh: vi.fn(real.connectSsh) };
});

interface Files {
  readonly user?: string;
  readonly system?: string;
}

async function stepsTo(address: string, { user = '', system = '' }: Files = {}): Promise<TestStep[]> {
  const files: Record<string, string> = { '/h/.ssh/config': user, '/etc/ssh/ssh_config': system };
  const steps: TestStep[] = [];
  await testConnection(
    { address, signal: new AbortController().signal, onStep: (step) => steps.push(step) },
    {
      clock: systemClock,
      reader: { readFile: async (path) => files[path] ?? null, glob: async () => [] },
      places: { user: '/h/.ssh/config', system: '/etc/ssh/ssh_config', home: '/h' },
      knownHostsFs: noKnownHosts,
      local: { user: 'me', uid: 1000, home: '/h', hostName: 'desk', env: {} },
      usualAgent: () => null,
      questions: createQuestions(() => undefined),
      secrets: createSecrets(noKeyring),
      once: new Set(),
    },
  );
  return steps;
}
const told = (steps: readonly TestStep[]) => steps.map(({ name, via, state }) => `${name} ${via} ${state}`);
const outcomeOf = (steps: readonly TestStep[]) => testOutcome({ id: 't', address: 'x', steps: [...steps], done: true }).text;

describe('where nobody listens', () => {
  it.each(['127.0.0.1', 'localhost'])('%s was found, and TCP is what failed', async (host) => {
    const steps = await stepsTo(`root@${host}:${await freePort()}`);
    expect(told(steps)).toEqual([`address ${host} passed`, `name ${host} passed`, `tcp ${host} failed`]);
    expect(steps[1]?.detail).toMatch(/^(?:127\.0\.0\.1|::1)(?:, (?:127\.0\.0\.1|::1))?$/);
    expect(steps[2]?.detail).toContain('Nobody listens at ');
    expect(outcomeOf(steps)).toBe('Failed at: TCP');
  });

  it('the jump host is named, not the host behind it', async () => {
    const user = `Host nas\n  ProxyJump gate\nHost gate\n  HostName 127.0.0.1\n  Port ${await freePort()}\n`;
    const steps = await stepsTo('nas', { user });
    expect(told(steps)).toEqual(['address nas passed', 'name 127.0.0.1 passed', 'tcp 127.0.0.1 failed']);
    expect(outcomeOf(steps)).toBe('Failed at: TCP (127.0.0.1)');
  });
});

it('a name that is not known is what failed', async () => {
  const steps = await stepsTo('me@no-such-host.invalid');
  expect(told(steps)).toEqual(['address no-such-host.invalid passed', 'name no-such-host.invalid failed']);
  expect(steps[1]?.detail).toBe('The name no-such-host.invalid is not known.');
  expect(outcomeOf(steps)).toBe('Failed at: Name');
});

describe('of a jump chain', () => {
  const user = 'Host nas\n  ProxyJump gate\n';
  const failsAfter = (...passed: SshStepName[]) =>
    vi.mocked(connectSsh).mockImplementationOnce(({ target, jumps = [], onStep }) => {
      const chain: SshEndpoint[] = [...jumps, target];
      for (const name of passed) {
        const [endpoint = target] = chain;
        onStep?.({ name, endpoint, detail: name });
        if (name === 'authentication') chain.shift();
      }
      return Promise.reject(new SshError('refused', 'Nobody listens.', { remedy: 'Start sshd.' }));
    });

  it.each<[string, SshStepName[]]>([
    ['name gate', []],
    ['tcp gate', ['name']],
    ['tcp nas', ['name', 'tcp', 'host-key', 'authentication']],
    ['host-key nas', ['name', 'tcp', 'host-key', 'authentication', 'tcp']],
  ])('%s is what failed after %j', async (last, passed) => {
    failsAfter(...passed);
    expect(told(await stepsTo('nas', { user })).at(-1)).toBe(`${last} failed`);
  });
});

describe('what the configuration asks for in vain', () => {
  const debian = 'Host *\n  SendEnv LANG LC_*\n  HashKnownHosts yes\n  GSSAPIAuthentication yes\n';
  const addressOf = async (files: Files) => (await stepsTo(`me@127.0.0.1:${await freePort()}`, files))[0];

  it('is not spoken of where the system sets it for everybody', async () => {
    const step = await addressOf({ system: debian });
    expect(step).toMatchObject({ name: 'address', state: 'passed' });
    expect(step?.detail).toMatch(/^me@127\.0\.0\.1:\d+$/);
  });

  it('is a warning where the user set it', async () => {
    const step = await addressOf({ user: 'GSSAPIAuthentication yes\n', system: debian });
    expect(step).toMatchObject({ state: 'warning', detail: expect.stringMatching(/Not honoured: GSSAPIAuthentication: Kerberos .*\.$/) });
    expect(step?.detail.match(/Kerberos/g)).toHaveLength(1);
  });
});
