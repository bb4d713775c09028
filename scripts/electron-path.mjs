import { ensureElectron } from './electron-runtime.mjs';
import { ensureNodeModules } from './node-modules.mjs';

await ensureNodeModules();
process.stdout.write(`${(await ensureElectron()).executable}\n`);
