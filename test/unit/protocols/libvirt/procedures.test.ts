import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../../../main/protocols/libvirt/codec';
import {
  PROCEDURES,
  type ProcedureArguments,
  type ProcedureName,
  type ProcedureResult,
} from '../../../../main/protocols/libvirt/procedures';
import { wire } from '../../../fakes/libvirt-wire';
import { DOMAIN } from './session';

const { int, uint, hyper, uhyper, text, maybeText, list, params } = wire;
const dom = wire.domain(DOMAIN);
const REMOTE = 0x20008086;
const QEMU = 0x20008087;

interface Row {
  name: ProcedureName;
  /** As the .x files have it. */
  program: number;
  number: number;
  args: object;
  onWire: Buffer[];
  reply: Buffer[];
  result: object;
}

const row = <P extends ProcedureName>(
  name: P,
  number: number,
  [args, ...onWire]: [ProcedureArguments<P>, ...Buffer[]],
  [result, ...reply]: [ProcedureResult<P>, ...Buffer[]],
  program = REMOTE,
): Row => ({ name, program, number, args, onWire, reply, result });

const nothing: [Record<never, never>] = [{}];
const ofDomain: [{ dom: typeof DOMAIN }, Buffer] = [{ dom: DOMAIN }, dom];
const withFlags: [{ dom: typeof DOMAIN }, ...Buffer[]] = [{ dom: DOMAIN }, dom, uint(0)];
const aDomain: [{ dom: typeof DOMAIN }, Buffer] = [{ dom: DOMAIN }, dom];
const someParams = new Map([['state.state', { type: 'int' as const, value: 7 }]]);
const wireParams = params([['state.state', 1, 7]]);

const ROWS: readonly Row[] = [
  row(
    'connect_open',
    1,
    [{ name: 'qemu:///system', flags: 1 }, maybeText('qemu:///system'), uint(1)],
    nothing,
  ),
  row('connect_close', 2, nothing, nothing),
  row('connect_get_type', 3, nothing, [{ type: 'QEMU' }, text('QEMU')]),
  row('connect_get_version', 4, nothing, [{ hv_ver: 7_002_022n }, uhyper(7_002_022n)]),
  row('node_get_info', 6, nothing, [
    { model: 'x86_64', memory: 4096n, cpus: 1, mhz: 2, nodes: 3, sockets: 4, cores: 5, threads: 6 },
    ...[...Buffer.from('x86_64'.padEnd(32, '\0'))].map(int),
    uhyper(4096n),
    ...[1, 2, 3, 4, 5, 6].map(int),
  ]),
  row('connect_get_capabilities', 7, nothing, [{ capabilities: '<c/>' }, text('<c/>')]),
  row(
    'domain_get_xml_desc',
    14,
    [{ dom: DOMAIN, flags: 2 }, dom, uint(2)],
    [{ xml: '<domain/>' }, text('<domain/>')],
  ),
  row('domain_get_autostart', 15, ofDomain, [{ autostart: true }, int(1)]),
  row('domain_get_info', 16, ofDomain, [
    { state: 1, maxMem: 2n, memory: 3n, nrVirtCpu: 4, cpuTime: 2n ** 60n },
    ...[uint(1), uhyper(2n), uhyper(3n), uint(4), uhyper(2n ** 60n)],
  ]),
  row('domain_lookup_by_name', 23, [{ name: 'a' }, text('a')], aDomain),
  row('domain_lookup_by_uuid', 24, [{ uuid: DOMAIN.uuid }, wire.uuid(DOMAIN.uuid)], aDomain),
  row('domain_reboot', 27, withFlags, nothing),
  row('domain_resume', 28, ofDomain, nothing),
  row('domain_suspend', 34, ofDomain, nothing),
  row('connect_get_hostname', 59, nothing, [{ hostname: 'lab' }, text('lab')]),
  row('connect_supports_feature', 60, [{ feature: 10 }, int(10)], [{ supported: false }, int(0)]),
  row('auth_list', 66, nothing, [{ types: ['sasl', 'polkit', '9'] }, list([1, 2, 9].map(int))]),
  row('auth_polkit', 70, nothing, [{ complete: true }, int(1)]),
  row('connect_get_uri', 110, nothing, [{ uri: 'qemu:///system' }, text('qemu:///system')]),
  row('connect_get_lib_version', 157, nothing, [{ lib_ver: 11_003_000n }, uhyper(11_003_000n)]),
  row('domain_abort_job', 164, ofDomain, nothing),
  row('domain_managed_save', 182, [{ dom: DOMAIN, flags: 4 }, dom, uint(4)], nothing),
  row('domain_has_managed_save_image', 183, withFlags, [{ result: true }, int(1)]),
  row('domain_managed_save_remove', 184, withFlags, nothing),
  row('domain_create_with_flags', 196, withFlags, aDomain),
  row(
    'domain_screenshot',
    211,
    [{ dom: DOMAIN, screen: 1 }, dom, uint(1), uint(0)],
    [{ mime: 'image/x-portable-pixmap' }, maybeText('image/x-portable-pixmap')],
  ),
  row('domain_get_state', 212, withFlags, [{ state: 7, reason: 0 }, int(7), int(0)]),
  row('domain_undefine_flags', 231, withFlags, nothing),
  row('domain_destroy_flags', 234, withFlags, nothing),
  row('domain_reset', 245, withFlags, nothing),
  row(
    'node_suspend_for_duration',
    250,
    [{ target: 0, duration: 60n }, uint(0), uhyper(60n), uint(0)],
    nothing,
  ),
  row('domain_shutdown_flags', 258, [{ dom: DOMAIN, flags: 2 }, dom, uint(2)], nothing),
  row(
    'domain_pm_suspend_for_duration',
    261,
    [{ dom: DOMAIN, target: 2, duration: 0n }, dom, uint(2), uhyper(0n), uint(0)],
    nothing,
  ),
  row('domain_pm_wakeup', 267, withFlags, nothing),
  row(
    'connect_list_all_domains',
    273,
    [{ need_results: true, flags: 256 }, int(1), uint(256)],
    [
      { domains: [DOMAIN, { ...DOMAIN, id: -1 }], ret: 2 },
      list([dom, wire.domain({ ...DOMAIN, id: -1 })]),
      uint(2),
    ],
  ),
  row(
    'connect_domain_event_callback_register_any',
    316,
    [{ eventID: 12, dom: null }, int(12), int(0)],
    [{ callbackID: 3 }, int(3)],
  ),
  row('connect_domain_event_callback_deregister_any', 317, [{ callbackID: 3 }, int(3)], nothing),
  row('domain_get_time', 337, withFlags, [{ seconds: -1n, nseconds: 5 }, hyper(-1n), uint(5)]),
  row(
    'domain_set_time',
    338,
    [
      { dom: DOMAIN, seconds: 1_795_378_175n, nseconds: 0, flags: 1 },
      dom,
      hyper(1_795_378_175n),
      uint(0),
      uint(1),
    ],
    nothing,
  ),
  row(
    'connect_get_all_domain_stats',
    344,
    [{ doms: [DOMAIN], stats: 3, flags: 1 << 29 }, list([dom]), uint(3), uint(1 << 29)],
    [{ retStats: [{ dom: DOMAIN, params: someParams }] }, list([Buffer.concat([dom, wireParams])])],
  ),
  row('domain_define_xml_flags', 350, [{ xml: '<domain/>' }, text('<domain/>'), uint(0)], aDomain),
  row(
    'domain_interface_addresses',
    353,
    [{ dom: DOMAIN, source: 1 }, dom, uint(1), uint(0)],
    [
      {
        ifaces: [
          { name: 'lo', hwaddr: null, addrs: [] },
          { name: 'eth0', hwaddr: '52:54:00:00:00:01', addrs: [{ type: 1, addr: '::1', prefix: 64 }] },
        ],
      },
      list([
        Buffer.concat([text('lo'), maybeText(null), list([])]),
        Buffer.concat([
          text('eth0'),
          maybeText('52:54:00:00:00:01'),
          list([Buffer.concat([int(1), text('::1'), uint(64)])]),
        ]),
      ]),
    ],
  ),
  row('connect_register_close_callback', 360, nothing, nothing),
  row(
    'domain_get_guest_info',
    418,
    [{ dom: DOMAIN, types: 2 }, dom, uint(2), uint(0)],
    [{ params: someParams }, wireParams],
  ),
  row(
    'domain_monitor_command',
    1,
    [{ dom: DOMAIN, cmd: '{}', flags: 1 }, dom, text('{}'), uint(1)],
    [{ result: '{}' }, text('{}')],
    QEMU,
  ),
  row(
    'domain_agent_command',
    3,
    [{ dom: DOMAIN, cmd: '{}', timeout: -2 }, dom, text('{}'), int(-2), uint(0)],
    [{ result: null }, maybeText(null)],
    QEMU,
  ),
];

describe('the procedures, as another encoder and the .x files have them', () => {
  it.each(ROWS.map((each) => [each.name, each] as const))(
    '%s',
    (name, { program, number, args, onWire, reply, result }) => {
      const procedure = PROCEDURES[name];
      expect(procedure).toMatchObject({ program, number });
      expect(encode<never>(procedure.args, args as never)).toEqual(Buffer.concat(onWire));
      expect(decode<unknown>(procedure.result, Buffer.concat(reply))).toEqual(result);
    },
  );

  it('are all here', () => {
    expect(ROWS.map(({ name }) => name).sort()).toEqual(Object.keys(PROCEDURES).sort());
  });

  it('cut a model name of 32 characters nowhere', () => {
    const chars = [...Buffer.from('m'.repeat(32))].map(int);
    const reply = Buffer.concat([...chars, uhyper(0n), ...[0, 0, 0, 0, 0, 0].map(int)]);
    expect(decode(PROCEDURES.node_get_info.result, reply).model).toBe('m'.repeat(32));
  });
});
