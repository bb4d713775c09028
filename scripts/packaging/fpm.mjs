#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { chmod, cp, lstat, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/**
 * Does for electron-builder what it asks of fpm (https://fpm.readthedocs.io), where fpm cannot be had: a .deb of folders and
 * files, made by dpkg-deb. For trials (scripts/dist.mjs); releases are made by fpm itself.
 */
const { options, sources } = read(process.argv.slice(2));
const one = (/** @type {string} */ name) => options.get(name)?.at(-1) ?? '';
if (one('-t') !== 'deb') throw new Error(`Only a .deb can be made without fpm, not ${one('-t')}`);

const work = await mkdtemp(path.join(os.tmpdir(), 'reveille-deb-'));
try {
  for (const source of sources) {
    const [from = '', to = ''] = source.split('=');
    const isContent = from.endsWith('/');
    const target = path.join(work, to);
    await mkdir(isContent ? target : path.dirname(target), { recursive: true });
    await cp(from, target, { recursive: true, verbatimSymlinks: true });
  }
  await openUp(work);
  const control = path.join(work, 'DEBIAN');
  await mkdir(control);
  for (const [option, name] of /** @type {const} */ ([
    ['--after-install', 'postinst'],
    ['--after-remove', 'postrm'],
  ])) {
    if (!options.has(option)) continue;
    await writeFile(path.join(control, name), await readFile(one(option)), { mode: 0o755 });
  }
  const size = Number(spawnSync('du', ['-sk', work], { encoding: 'utf8' }).stdout.split('\t')[0]);
  await writeFile(path.join(control, 'control'), controlFile(size));
  const { status } = spawnSync('dpkg-deb', ['--root-owner-group', '-Zxz', '-z1', '--build', work, one('--package')], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
} finally {
  await rm(work, { recursive: true, force: true });
}

/** @param {number} size in KiB */
function controlFile(size) {
  const [synopsis = '', ...more] = one('--description').split('\n');
  const lines = [
    ['Package', one('--name')],
    ['Version', one('--version')],
    ['License', one('--license')],
    ['Vendor', one('--vendor')],
    ['Architecture', one('--architecture')],
    ['Maintainer', one('--maintainer')],
    ['Installed-Size', String(size)],
    ['Depends', (options.get('-d') ?? []).join(', ')],
    ['Recommends', (options.get('--deb-recommends') ?? []).join(', ')],
    ['Section', one('--category')],
    ['Priority', one('--deb-priority')],
    ['Homepage', one('--url')],
    ['Description', [synopsis.trim() || one('--name'), ...more.map((line) => ` ${line.trim() || '.'}`)].join('\n')],
  ];
  return `${lines.flatMap(([key, value]) => (value ? [`${key}: ${value}`] : [])).join('\n')}\n`;
}

/**
 * What fpm does, too: everybody may read what is installed.
 * @param {string} file
 */
async function openUp(file) {
  const stat = await lstat(file);
  if (stat.isSymbolicLink()) return;
  await chmod(file, stat.isDirectory() || stat.mode & 0o100 ? 0o755 : 0o644);
  if (stat.isDirectory()) for (const name of await readdir(file)) await openUp(path.join(file, name));
}

/**
 * `--option VALUE`, flags, and `FROM=TO`.
 * @param {string[]} args
 */
function read(args) {
  const flags = new Set(['--force', '--debug']);
  const found = /** @type {Map<string, string[]>} */ (new Map());
  const rest = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (!arg.startsWith('-')) {
      rest.push(arg);
      continue;
    }
    if (flags.has(arg)) continue;
    at += 1;
    found.set(arg, [...(found.get(arg) ?? []), args[at] ?? '']);
  }
  return { options: found, sources: rest };
}
