import { readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { PACKAGES } from '../../../scripts/system-packages.mjs';
import { COMPONENTS, isMissing, type Component } from '../../support/requires';

interface Job {
  readonly container?: { readonly image: string };
  readonly strategy: { readonly matrix: { readonly include: readonly Record<string, string>[] } };
  readonly env: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly run?: string }[];
}
const ci = load(readFileSync(path.resolve(__dirname, '../../../.github/workflows/ci.yml'), 'utf8')) as {
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
};

const runs = Object.values(ci.jobs).flatMap((job) =>
  job.strategy.matrix.include.map((entry) => ({
    job,
    entry,
    name: `${entry['os'] ?? job.container?.image} as ${entry['user'] ?? 'its user'}`,
    without: (job.env['REVEILLE_WITHOUT'] ?? '').replace(/\$\{\{ matrix\.(\w+) \}\}/, (_all, key: string) => entry[key] ?? ''),
  })),
);
const names = Object.keys(COMPONENTS) as Component[];
const those = (test: (component: (typeof COMPONENTS)[Component]) => boolean) => names.filter((name) => test(COMPONENTS[name])).sort();
const listed = (text: string) => text.split(',').map((each) => each.trim()).filter((each) => each !== '').sort();

/** What a Debian 12 has before anything is installed. */
const ALWAYS_THERE = ['apt', 'bash', 'dash', 'perl-base', 'util-linux'];

afterEach(() => vi.unstubAllEnvs());

describe('what tests ask for', () => {
  it('comes from a package that is installed for them', () => {
    const installed = Object.values(PACKAGES).flatMap((some) => some.flatMap((each) => each.split('|')));
    for (const name of names) expect([...ALWAYS_THERE, ...installed], name).toContain(COMPONENTS[name].from);
  });

  it('is installed on Debian 12 by CI, but for what only root can use', () => {
    const linux = runs.filter(({ job }) => job.container);
    expect(linux.map(({ job, entry }) => [job.container!.image, entry['user']])).toEqual([['debian:12', 'tester'], ['debian:12', 'root']]);
    for (const { job, name, entry, without } of linux) {
      const commands = job.steps.map(({ run }) => run ?? '');
      const install = commands.findIndex((run) => /^node scripts\/system-packages\.mjs$/m.test(run));
      expect(install, name).not.toBe(-1);
      expect(commands.findIndex((run) => run.includes('.ci/run')), name).toBeGreaterThan(install);
      expect(listed(without), name).toEqual(entry['user'] === 'root' ? [] : those(({ root }) => root === true));
    }
  });

  it('is what macOS and Windows have, too, or is named as what they do without', () => {
    const others = runs.filter(({ job }) => !job.container);
    expect(others.map(({ entry }) => entry['os'])).toEqual(['macos-latest', 'windows-latest']);
    for (const { name, without } of others) expect(listed(without), name).toEqual(those(({ everywhere }) => everywhere !== true));
  });

  it.each(runs)('makes no error where it is waived: $name', ({ without }) => {
    vi.stubEnv('CI', 'true');
    vi.stubEnv('REVEILLE_WITHOUT', without);
    const refused = names.filter((name) => {
      try {
        return !isMissing(name, false);
      } catch {
        return true;
      }
    });
    expect(refused.sort()).toEqual(names.filter((name) => !listed(without).includes(name)).sort());
  });
});

describe('CI', () => {
  it('tries everything on the official Electron, or fails', () => {
    expect(ci.env).toMatchObject({ REVEILLE_STAND_IN: 'never' });
  });
});
