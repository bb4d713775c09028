import type { LibvirtClient } from '../../main/protocols/libvirt/api';
import { domainStatus } from '../../main/protocols/libvirt/domain-states';
import { isRefusal } from '../../main/protocols/libvirt/errors';
import { GET_STATS, LIST, STATS, SUSPEND_TARGET } from '../../main/protocols/libvirt/flags';
import type { ProcedureResult } from '../../main/protocols/libvirt/procedures';
import { defineGuest, libvirtGuestsCanRun } from '../support/libvirt-guest';
import type { TestLibvirtd } from '../support/libvirtd';
import type { Bench } from './bench';
import { finish } from './lab';
import { connectTo, crowdedLibvirtd, expectListed, needsLibvirt } from './libvirt-lab';
import { interleaved, type Row, type Way } from './measure';

const DOMAINS = 100;
/** What a call of the app's client may take of what a run of virsh does. */
const SHARE = 1 / 20;

export const bench: Bench = {
  ...needsLibvirt,
  title: `libvirt with ${DOMAINS} domains: list, state and wake by the app's client, beside virsh`,
  async run(lab) {
    const { libvirtd, names } = await crowdedLibvirtd(DOMAINS, lab);
    const client = await connectTo(libvirtd, lab);
    const { domains } = await client.call('connect_list_all_domains', { need_results: true });
    const dom = domains[0]!;
    await libvirtd.virsh('start', dom.name);
    const virsh = (...args: string[]) => finish('virsh', ['-q', '-c', libvirtd.uri, ...args]);

    const expectAll = ({ retStats }: ProcedureResult<'connect_get_all_domain_stats'>) => {
      expectListed(retStats.map((each) => each.dom.name), names);
    };
    const listing: Way[] = [
      {
        label: 'list with states: virsh list --all',
        isPeer: true,
        async run() {
          expectListed((await virsh('list', '--all')).split(/\s+/), names);
        },
      },
      {
        label: 'the app, names and states',
        atMost: SHARE,
        run: async () => expectAll(await client.call('connect_get_all_domain_stats', { doms: [], stats: STATS.state })),
      },
      {
        label: 'the app, memory, vCPUs and saved states, too',
        async run() {
          const stats = STATS.state | STATS.balloon | STATS.vcpu;
          const [all] = await Promise.all([
            client.call('connect_get_all_domain_stats', { doms: [], stats, flags: GET_STATS.noWait }),
            client.call('connect_list_all_domains', { need_results: true, flags: LIST.managedSave }),
          ]);
          expectAll(all);
        },
      },
    ];
    const states: Way[] = [
      {
        label: 'state: virsh domstate',
        isPeer: true,
        async run() {
          const said = await virsh('domstate', dom.name);
          if (!said.includes('running')) throw new Error(`virsh says ${said}`);
        },
      },
      {
        label: 'the app',
        atMost: SHARE,
        async run() {
          const { state } = domainStatus(await client.call('domain_get_state', { dom }));
          if (state !== 'running') throw new Error(`The app sees state ${state}`);
        },
      },
    ];
    const refused: Way[] = [
      {
        label: 'wake of a guest that is awake, refused: virsh dompmwakeup',
        isPeer: true,
        async run() {
          const { code, stderr } = await libvirtd.tryVirsh('dompmwakeup', dom.name);
          if (code === 0 || !stderr.includes('not in suspended state')) throw new Error(`virsh says ${stderr}`);
        },
      },
      {
        label: 'the app',
        atMost: SHARE,
        async run() {
          const answer: unknown = await client.call('domain_pm_wakeup', { dom }).catch((error: unknown) => error);
          if (!isRefusal(answer, 'INTERNAL_ERROR')) throw new Error('The wake was not refused', { cause: answer });
        },
      },
    ];
    const rows = [
      ...(await interleaved(listing, { rounds: 60, warmUp: 20 })),
      ...(await interleaved(states, { rounds: 60, warmUp: 20 })),
      ...(await interleaved(refused, { rounds: 60, warmUp: 20 })),
    ];
    if (libvirtGuestsCanRun()) rows.push(...(await wakes(libvirtd, client)));
    return rows;
  },
};

/** Real wakes, QEMU's part in them included. Putting the guest to sleep is not timed. */
async function wakes(libvirtd: TestLibvirtd, client: LibvirtClient): Promise<Row[]> {
  const guest = await defineGuest(libvirtd, { name: 'bench-sleeper' });
  await guest.start();
  const { dom } = await client.call('domain_lookup_by_name', { name: guest.name });
  const timed = async (wake: () => Promise<unknown>): Promise<number> => {
    await guest.waitForAgent();
    await client.call('domain_pm_suspend_for_duration', { dom, target: SUSPEND_TARGET.mem, duration: 0n });
    await guest.untilState(/^pmsuspended/);
    const begin = performance.now();
    await wake();
    const took = performance.now() - begin;
    await guest.untilState(/^running/);
    return took;
  };
  return interleaved(
    [
      {
        label: 'wake of a guest that sleeps: virsh dompmwakeup',
        isPeer: true,
        run: () => timed(() => finish('virsh', ['-q', '-c', libvirtd.uri, 'dompmwakeup', guest.name])),
      },
      { label: 'the app', run: () => timed(() => client.call('domain_pm_wakeup', { dom })) },
    ],
    { rounds: 12 },
  );
}
