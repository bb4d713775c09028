import { startTestApp } from '../support/app';
import { placeOf } from '../support/libvirt-app';
import type { Bench } from './bench';
import { finish } from './lab';
import { connectTo, crowdedLibvirtd, needsLibvirt } from './libvirt-lab';
import type { Row } from './measure';

const PAIRS = 40;
const DOMAINS = 100;
const NAME = 'bench-0';

export const bench: Bench = {
  ...needsLibvirt,
  title: `libvirt with ${DOMAINS} domains: a state change (virsh suspend, resume) until it is seen`,
  async run(lab) {
    const { libvirtd } = await crowdedLibvirtd(DOMAINS, lab);
    const other = await connectTo(libvirtd, lab);
    await other.subscribe(['lifecycle']);
    await libvirtd.virsh('start', NAME);
    const app = await startTestApp({ libvirtPlaces: [placeOf(libvirtd)] });
    lab.onLeave(() => app.stop());
    await app.untilState(NAME, 'running');

    const ended: number[] = [];
    const heard: number[] = [];
    const seen: number[] = [];
    for (let at = 0; at < PAIRS; at += 1) {
      for (const [command, event, state] of [
        ['suspend', 'suspended', 'paused'],
        ['resume', 'resumed', 'running'],
      ] as const) {
        const begin = performance.now();
        const since = (samples: number[]) => () => void samples.push(performance.now() - begin);
        const eventCame = new Promise<void>((resolve) => {
          const stop = other.onEvent((one) => {
            if (one.kind !== 'lifecycle' || one.event !== event) return;
            stop();
            resolve();
          });
        });
        await Promise.all([
          finish('virsh', ['-q', '-c', libvirtd.uri, command, NAME]).then(since(ended)),
          eventCame.then(since(heard)),
          app.untilState(NAME, state).then(since(seen)),
        ]);
      }
    }
    return [
      { label: 'virsh, from its start to its end', samples: ended },
      { label: 'the event, on a connection that does nothing else', samples: heard, isPeer: true },
      { label: "the app's snapshot", samples: seen },
    ] satisfies Row[];
  },
};
