import { startTestApp } from '../support/app';
import type { Bench } from './bench';
import { finish, QEMU } from './lab';
import { interleaved } from './measure';

const GUESTS = 50;
const QUESTION = '{"execute":"qmp_capabilities"}{"execute":"query-status"}';

export const bench: Bench = {
  title: `Start with ${GUESTS} QEMUs on this computer, until all their states are known`,
  programs: [QEMU, 'socat'],
  async run(lab) {
    const qemus = await lab.qemus(GUESTS);
    const pids = new Set(qemus.map(({ pid }) => pid));
    return interleaved(
      [
        {
          label: 'socat for each, one after the other',
          async run() {
            for (const { monitors } of qemus) {
              const said = await finish('socat', ['-t5', '-', `UNIX-CONNECT:${monitors[0]!.path}`], QUESTION);
              if (!said.includes('"status": "running"')) throw new Error(`socat was told ${said}`);
            }
          },
        },
        {
          label: 'the app without its window',
          async run() {
            const begin = performance.now();
            const app = await startTestApp({ finds: ({ pid }) => pids.has(pid) });
            await app.until('all are known', ({ guests }) => {
              const known = Object.values(guests).filter(({ state }) => state.name === 'running');
              return known.length === GUESTS;
            });
            const took = performance.now() - begin;
            await app.stop();
            return took;
          },
        },
      ],
      { rounds: 5 },
    );
  },
};
