import { describe, expect, it } from 'vitest';
import type { LibvirtClient, LibvirtOptions } from '../../main/protocols/libvirt/api';
import { domainStatus } from '../../main/protocols/libvirt/domain-states';
import { GET_STATS, LIST, START, STATS, SUSPEND_TARGET } from '../../main/protocols/libvirt/flags';
import { until } from '../guest/deadline';
import { libvirtdPresent } from '../support/libvirtd';
import { isMissing } from '../support/requires';
import { asVirshSays, libvirtClients } from './libvirt-client-tools';

describe.skipIf(isMissing('libvirt', libvirtdPresent()))('a real libvirtd with QEMU', () => {
  const { daemon, dial, attach, startOther } = libvirtClients();

  /** A machine without a disk: its firmware runs, and nothing else. */
  const bare = (name: string) =>
    `<domain type='qemu'><name>${name}</name><memory unit='MiB'>32</memory><os><type arch='x86_64' machine='pc'>hvm</type></os>` +
    "<devices><video><model type='vga'/></video><interface type='user'/><memballoon model='none'/></devices></domain>";
  const start = async (client: LibvirtClient, name: string) => {
    const { dom } = await client.call('domain_define_xml_flags', { xml: bare(name) });
    return (await client.call('domain_create_with_flags', { dom })).dom;
  };

  it('takes a domain through its life; virsh agrees at each step, and every change is an event', async () => {
    const client = await attach(dial());
    const changes: string[] = [];
    client.onEvent((event) => {
      if (event.kind === 'lifecycle') changes.push(`${event.event} ${event.detail}`);
    });
    await client.subscribe(['lifecycle']);
    const { dom } = await client.call('domain_define_xml_flags', { xml: bare('life') });
    const steps: [string, () => Promise<unknown>, string][] = [
      ['defined added', async () => {}, 'shut off (unknown)'],
      [
        'started booted',
        () => client.call('domain_create_with_flags', { dom, flags: START.paused }),
        'paused (user)',
      ],
      ['resumed unpaused', () => client.call('domain_resume', { dom }), 'running (unpaused)'],
      ['suspended paused', () => client.call('domain_suspend', { dom }), 'paused (user)'],
      ['resumed unpaused', () => client.call('domain_resume', { dom }), 'running (unpaused)'],
      ['stopped saved', () => client.call('domain_managed_save', { dom }), 'shut off (saved)'],
      ['started restored', () => client.call('domain_create_with_flags', { dom }), 'running (restored)'],
      ['stopped destroyed', () => client.call('domain_destroy_flags', { dom }), 'shut off (destroyed)'],
      ['undefined removed', () => client.call('domain_undefine_flags', { dom }), ''],
    ];
    for (const [change, act, state] of steps) {
      await act();
      await until(
        10_000,
        `${change} among ${changes.join(', ')}`,
        () => changes.includes(change) || undefined,
      );
      changes.splice(0, changes.indexOf(change) + 1);
      if (state === '') continue;
      expect(await daemon().domstate('life')).toBe(state);
      expect(asVirshSays(domainStatus(await client.call('domain_get_state', { dom })))).toBe(state);
      expect((await client.call('domain_has_managed_save_image', { dom })).result).toBe(
        state === 'shut off (saved)',
      );
      const { domains: saved } = await client.call('connect_list_all_domains', {
        need_results: true,
        flags: LIST.managedSave,
      });
      expect(saved.map(({ name }) => name)).toEqual(state === 'shut off (saved)' ? ['life'] : []);
    }
  });

  it('is asked about its monitor, its screen, its figures', async () => {
    const client = await attach(dial());
    const dom = await start(client, 'asked');
    const { result } = await client.call('domain_monitor_command', {
      dom,
      cmd: '{"execute":"query-status"}',
    });
    expect(JSON.parse(result)).toMatchObject({ return: { status: 'running' } });
    expect(
      (await client.call('domain_monitor_command', { dom, cmd: 'info status', flags: 1 })).result,
    ).toContain('running');
    const screen = await client.download('domain_screenshot', { dom, screen: 0 }, { maxBytes: 16 << 20 });
    expect(screen.result.mime).toBe('image/png');
    // Whole: a PNG ends with IEND and its checksum. How large it is depends on how far the guest has booted.
    expect(screen.data.subarray(1, 4).toString()).toBe('PNG');
    expect(screen.data.subarray(-8, -4).toString()).toBe('IEND');
    const { retStats } = await client.call('connect_get_all_domain_stats', {
      doms: [dom],
      stats: STATS.state | STATS.cpuTotal | STATS.vcpu | STATS.interface | STATS.balloon,
      flags: GET_STATS.noWait,
    });
    const stats = retStats[0]!.params;
    expect(stats.get('state.state')?.value).toBe(1);
    expect(stats.get('balloon.maximum')?.value).toBe(32n * 1024n);
    expect(stats.get('net.count')?.value).toBe(1);
    expect(stats.get('vcpu.0.time')?.type).toBe('ullong');
    await client.call('domain_destroy_flags', { dom });
    await client.call('domain_undefine_flags', { dom });
  });

  it('refuses what it cannot do, each with its own error', async () => {
    const client = await attach(dial());
    const dom = await start(client, 'refusing');
    const refusals: [Promise<unknown>, string][] = [
      [client.call('domain_pm_wakeup', { dom }), 'INTERNAL_ERROR'],
      [
        client.call('domain_pm_suspend_for_duration', { dom, target: SUSPEND_TARGET.mem, duration: 5n }),
        'ARGUMENT_UNSUPPORTED',
      ],
      [
        client.call('domain_pm_suspend_for_duration', { dom, target: SUSPEND_TARGET.mem, duration: 0n }),
        'ARGUMENT_UNSUPPORTED',
      ],
      [
        client.call('domain_agent_command', { dom, cmd: '{"execute":"guest-ping"}', timeout: 1 }),
        'ARGUMENT_UNSUPPORTED',
      ],
      [client.call('domain_get_guest_info', { dom }), 'ARGUMENT_UNSUPPORTED'],
      [client.call('domain_interface_addresses', { dom, source: 1 }), 'ARGUMENT_UNSUPPORTED'],
      [client.call('domain_set_time', { dom, seconds: 0n, nseconds: 0, flags: 1 }), 'ARGUMENT_UNSUPPORTED'],
      [client.call('domain_create_with_flags', { dom }), 'OPERATION_INVALID'],
      [client.call('domain_define_xml_flags', { xml: '<domain/>' }), 'NO_NAME'],
      [client.call('domain_define_xml_flags', { xml: '<domain' }), 'XML_DETAIL'],
      [
        client.call('domain_undefine_flags', {
          dom: { ...dom, uuid: '00000000-0000-4000-8000-000000000000' },
        }),
        'NO_DOMAIN',
      ],
    ];
    const outcomes = await Promise.allSettled(refusals.map(([call]) => call));
    expect(
      outcomes.map((outcome) =>
        outcome.status === 'rejected'
          ? (outcome.reason as { refusal?: { name: string } }).refusal?.name
          : 'done',
      ),
    ).toEqual(refusals.map(([, name]) => name));
    await client.call('domain_destroy_flags', { dom });
    await client.call('domain_undefine_flags', { dom });
  });

  it('lists 200 domains in one call', async () => {
    const many = await startOther({
      domains: new Map(
        Array.from({ length: 200 }, (_, at) => [
          `guest-${at}`,
          bare(`guest-${at}`).replace(
            '<memory',
            `<uuid>5eeb11e0-0000-4000-8000-${String(at).padStart(12, '0')}</uuid><memory`,
          ),
        ]),
      ),
    });
    const client = await attach(dial(many.socket));
    const { domains } = await client.call('connect_list_all_domains', { need_results: true });
    expect(domains).toHaveLength(200);
    const states = await Promise.all(domains.map((dom) => client.call('domain_get_state', { dom })));
    expect(new Set(states.map((state) => domainStatus(state).state))).toEqual(new Set(['shutoff']));
  });

  it('never has more calls of one client than it reads (max_client_requests)', async () => {
    const limited = await startOther({});
    const burst = async (options: Partial<LibvirtOptions>) => {
      const client = await attach(dial(limited.socket), options);
      await Promise.all(Array.from({ length: 200 }, () => client.call('connect_get_hostname')));
    };
    await burst({});
    expect(limited.log()).not.toContain('max requests limit');
    await burst({ maxInFlight: 50 });
    await until(
      5000,
      'libvirtd to say what it does with more',
      () => limited.log().includes('max requests limit') || undefined,
    );
  });

  it('lets a read-only connection look, and nothing more', async () => {
    const client = await attach(dial(daemon().readOnlySocket), { readOnly: true });
    expect(await client.call('connect_list_all_domains', { need_results: true })).toMatchObject({ ret: 0 });
    await expect(client.call('domain_define_xml_flags', { xml: bare('no') })).rejects.toMatchObject({
      kind: 'refused',
      refusal: { name: 'OPERATION_DENIED' },
    });
  });
});
