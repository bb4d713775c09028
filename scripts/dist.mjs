import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { build } from './build.mjs';
import { ensureElectron } from './electron-runtime.mjs';
import { ensureNodeModules } from './node-modules.mjs';
import { noticesText, readBundledPackages } from './packaging/notices.mjs';
import { ROOT, run, say } from './processes.mjs';

/**
 * Packages the app for this system, or as electron-builder's own arguments say ("--win --x64", "--publish always").
 * Where the official Electron cannot be had, what can be made of the stand-in is packaged as a trial, in dist/trial: for
 * looking at on this computer, and never for users. `--release` refuses that. What was packaged is printed, and listed in
 * contents.txt beside the packages (scripts/packaging/hooks.mjs).
 */
const args = process.argv.slice(2);
const release = args.includes('--release');
const passed = args.filter((arg) => arg !== '--release');
const LIMIT_MS = 30 * 60_000;

try {
  await ensureNodeModules();
  const runtime = await ensureElectron({ standIn: release ? 'never' : 'if-need-be' });
  await build();
  await writeFile(path.join(ROOT, 'out/notices.txt'), noticesText(await readBundledPackages(ROOT)));
  if (runtime.standIn) await packageTrial(runtime);
  else await electronBuilder(passed, { REVEILLE_TRIAL: undefined });
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

/** @param {import('./electron-runtime.mjs').Runtime} runtime */
async function packageTrial(runtime) {
  say(`Packaging a trial with the stand-in (Electron ${runtime.version}). It is for this computer only.`);
  const tools = await mkdtemp(path.join(os.tmpdir(), 'reveille-dist-'));
  try {
    // npm runs no scripts here, so the program it carries is not executable.
    const sevenZip = path.join(tools, '7za');
    await cp(path.join(ROOT, 'node_modules/7zip-bin/linux/x64/7za'), sevenZip);
    await chmod(sevenZip, 0o755);
    const electron = path.join(tools, 'electron');
    // What opens an app that is no package is a folder by an archive's name there.
    const isOpener = (/** @type {string} */ file) => file.includes(`${path.sep}default_app.asar`);
    await cp(path.dirname(runtime.executable), electron, {
      recursive: true,
      dereference: true,
      filter: (file) => !isOpener(file),
    });
    const config = path.join(tools, 'electron-builder.json');
    const { load } = await import('js-yaml');
    const real = /** @type {import('electron-builder').Configuration} */ (
      load(await readFile(path.join(ROOT, 'electron-builder.yml'), 'utf8'))
    );
    /** @type {import('electron-builder').Configuration} */
    const trial = {
      ...real,
      directories: { ...real.directories, output: 'dist/trial' },
      electronDist: electron,
      electronVersion: runtime.version,
      compression: 'store',
    };
    await writeFile(config, JSON.stringify(trial));
    await electronBuilder(
      [
        ...(passed.length > 0 ? passed : ['--linux', 'dir', 'tar.gz', 'deb', '--x64', '--publish', 'never']),
        ...['--config', config],
      ],
      {
        REVEILLE_TRIAL: '1',
        ELECTRON_BUILDER_7ZIP_PATH: sevenZip,
        CUSTOM_FPM_PATH: path.join(ROOT, 'scripts/packaging/fpm.mjs'),
      },
    );
  } finally {
    await rm(tools, { recursive: true, force: true });
  }
}

/**
 * @param {string[]} builderArgs
 * @param {NodeJS.ProcessEnv} env
 */
async function electronBuilder(builderArgs, env) {
  const cli = path.join(ROOT, 'node_modules/electron-builder/cli.js');
  const { code, timedOut } = await run(process.execPath, [cli, ...builderArgs], {
    env: { ...process.env, ...env },
    output: 'stderr',
    timeoutMs: LIMIT_MS,
  });
  if (timedOut) throw new Error(`electron-builder was not done within ${LIMIT_MS / 60_000} minutes and was stopped.`);
  if (code !== 0) throw new Error('The app could not be packaged. See the output above.');
}
