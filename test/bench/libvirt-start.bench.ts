import { startTestApp } from '../support/app';
import { placeOf } from '../support/libvirt-app';
import type { Bench } from './bench';
import { finish } from './lab';
import { crowdedLibvirtd, expectListed, needsLibvirt } from './libvirt-lab';
import { interleaved } from './measure';

const DOMAINS = 200;

export const bench: Bench = {
  ...needsLibvirt,
  title: `Start with ${DOMAINS} domains of libvirt's, until all their states are known`,
  async run(lab) {
    const { libvirtd, names } = await crowdedLibvirtd(DOMAINS, lab);
    return interleaved(
      [
        {
          label: 'virsh list --all',
          async run() {
            const said = await finish('virsh', ['-q', '-c', libvirtd.uri, 'list', '--all']);
            expectListed(said.split(/\s+/), names);
          },
        },
        {
          label: 'the app without its window',
          async run() {
            const begin = performance.now();
            const app = await startTestApp({ libvirtPlaces: [placeOf(libvirtd)] });
            await app.until('all are known', ({ guests }) => {
              const known = Object.values(guests).filter(({ state }) => state.name === 'off');
              return known.length === DOMAINS;
            });
            const took = performance.now() - begin;
            await app.stop();
            return took;
          },
        },
      ],
      { rounds: 8 },
    );
  },
};
