import { systemClock } from '../../main/clock';
import { connectQmp, type QmpClient } from '../../main/protocols/qmp/client';
import { dial } from '../../main/protocols/sockets';
import { startTestApp, type TestApp } from '../support/app';
import type { Bench } from './bench';
import { QEMU, type BareQemu, type Lab } from './lab';
import type { Row } from './measure';

const PAIRS = 60;

export const bench: Bench = {
  title: 'A state change (stop, cont by another monitor) until it is seen',
  programs: [QEMU, 'sshd', 'ssh-keygen'],
  takesAllMonitors: true,
  async run(lab) {
    const [local, distant] = await lab.qemus(2, 2);
    const raw: number[] = [];
    const here = await startTestApp({ finds: ({ pid }) => pid === local!.pid });
    const seenHere = await measured(here, local!, lab, raw).finally(() => here.stop());

    const server = await lab.sshServer();
    const there = await startTestApp({ ssh: server.ssh });
    await there.call('closeDemo', {});
    await there.call('addHost', { address: server.alias, name: '' });
    const seenThere = await measured(there, distant!, lab, raw).finally(() => there.stop());
    return [
      { label: "the event, on the other monitor's unix socket", samples: raw },
      { label: "the app's snapshot, this computer's guest", samples: seenHere },
      { label: "the app's snapshot, a guest over SSH", samples: seenThere },
    ] satisfies Row[];
  },
};

/** Times stop and cont; the app has the first monitor. */
async function measured(app: TestApp, qemu: BareQemu, lab: Lab, raw: number[]): Promise<number[]> {
  const { name, monitors } = qemu;
  await app.untilState(name, 'running');
  const other = await connectQmp(await dial(monitors[1]!, { clock: systemClock }), { clock: systemClock });
  lab.onLeave(() => other.close());
  const samples: number[] = [];
  for (let at = 0; at < PAIRS; at += 1) {
    for (const [command, event, state] of [
      ['stop', 'STOP', 'paused'],
      ['cont', 'RESUME', 'running'],
    ] as const) {
      const begin = performance.now();
      const heard = eventOf(other, event).then(() => raw.push(performance.now() - begin));
      const seen = app.untilState(name, state).then(() => samples.push(performance.now() - begin));
      await Promise.all([other.call(command), heard, seen]);
    }
  }
  return samples;
}

const eventOf = (client: QmpClient, name: string): Promise<void> =>
  new Promise((resolve) => {
    const stop = client.onEvent((event) => {
      if (event.name !== name) return;
      stop();
      resolve();
    });
  });
