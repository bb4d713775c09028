import { inspect } from 'node:util';
import type { Bench } from './bench';
import { enterLab, isInstalled, runningQemus } from './lab';
import { tableOf } from './report';

/** Runs the benches whose file names hold one of the arguments; all without arguments. */
const files = import.meta.glob<{ bench: Bench }>('./*.bench.ts', { eager: true });
const filters = process.argv.slice(2);
const chosen = Object.entries(files).filter(
  ([file]) => filters.length === 0 || filters.some((filter) => file.includes(filter)),
);
if (chosen.length === 0) {
  throw new Error(`No bench is called ${filters.join(' or ')}: ${Object.keys(files).join(' ')}`);
}

for (const [, { bench }] of chosen) {
  const why = await obstacleTo(bench);
  console.log(why === undefined ? await measured(bench) : `${bench.title}\n  Not measured: ${why}\n`);
}

async function obstacleTo({ programs, obstacle, takesAllMonitors }: Bench): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'it takes Linux.';
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length > 0) return `${missing.join(', ')} is missing here.`;
  const why = obstacle?.();
  if (why !== undefined) return why;
  if (takesAllMonitors !== true) return undefined;
  const others = await runningQemus();
  if (others.length === 0) return undefined;
  const names = others.map(({ name }) => name).join(', ');
  return `it would take the monitors of ${names}. End them, or run the benches as root.`;
}

async function measured({ title, run }: Bench): Promise<string> {
  const lab = await enterLab();
  try {
    return tableOf(title, await run(lab));
  } catch (error) {
    process.exitCode = 1;
    return `${title}\n  Failed: ${inspect(error)}\n`;
  } finally {
    await lab.leave();
  }
}
