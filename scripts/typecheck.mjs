import { readdirSync } from 'node:fs';
import { ensureNodeModules } from './node-modules.mjs';
import { ROOT, run, say } from './processes.mjs';

/** Every environment has a tsconfig.NAME.json of its own; `base` is what they share. */
await ensureNodeModules();
const configs = readdirSync(ROOT).filter((name) => /^tsconfig\.(?!base\.)\w+\.json$/.test(name));
const failed = [];
for (const config of configs) {
  const { code } = await run(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '--noEmit', '-p', config],
    {
      output: 'inherit',
    },
  );
  say(`${code === 0 ? 'passed' : 'FAILED'}  ${config}`);
  if (code !== 0) failed.push(config);
}
if (failed.length > 0) say(`\nType errors in: ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;
