import path from 'node:path';
import { ROOT, run } from './processes.mjs';

/**
 * Builds the app into out/, as `npm run build` does.
 * @throws Error when the build fails; its output is on stderr
 */
export async function build() {
  const cli = path.join(ROOT, 'node_modules/electron-vite/bin/electron-vite.js');
  const { code } = await run(process.execPath, [cli, 'build', '--logLevel', 'warn'], { output: 'stderr' });
  if (code !== 0) throw new Error('The app could not be built. See the output above.');
}
