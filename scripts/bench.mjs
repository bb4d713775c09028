import path from 'node:path';
import { hasDisplay, startDisplay } from './display.mjs';
import { ensureNodeModules } from './node-modules.mjs';
import { OWN_PROCESSES, ROOT, run, say } from './processes.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

/** `[PART OF A BENCH'S FILE NAME..]`; all benches (test/bench) without arguments. */
const filters = process.argv.slice(2);
const OUT = path.join(ROOT, '.cache/bench');
const LIMIT_MS = 5 * 60_000;

try {
  await ensureNodeModules();
  const missing = await ensureSystemPackages(['guest', 'ssh', 'libvirt', 'bench', 'window', ...(hasDisplay() ? [] : [/** @type {const} */ ('display')])]);
  if (missing) say(missing);
  await bundle();
  const alone = (await run(OWN_PROCESSES[0] ?? '', [...OWN_PROCESSES.slice(1), 'true'])).code === 0 ? OWN_PROCESSES : [];
  const [program = '', ...args] = [...alone, process.execPath, path.join(OUT, 'main.mjs'), ...filters];
  const display = hasDisplay() ? undefined : await startDisplay();
  const env = display ? { ...process.env, DISPLAY: display.display } : process.env;
  const { code, timedOut } = await run(program, args, { env, output: 'inherit', timeoutMs: LIMIT_MS });
  await display?.stop();
  if (timedOut) say(`The benches were not done within ${LIMIT_MS / 60_000} minutes and were stopped.`);
  process.exitCode = code ?? 1;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

/** As the app is built: one file, for Node, with the packages outside. */
async function bundle() {
  // Not before the packages are there.
  const { build } = await import('vite');
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    plugins: [{ name: 'own-folders', transform: withOwnFolder }],
    build: {
      ssr: path.join(ROOT, 'test/bench/main.ts'),
      outDir: OUT,
      emptyOutDir: true,
      target: 'node20',
      minify: false,
    },
  });
}

/**
 * The test guest's sources find what lies beside them by __dirname, as the test runners give it to each module.
 * @param {string} code
 * @param {string} file
 */
function withOwnFolder(code, file) {
  if (!code.includes('__dirname')) return null;
  return { code: `const __dirname = ${JSON.stringify(path.dirname(file))};${code}`, map: null };
}
