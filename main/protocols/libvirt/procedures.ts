import {
  hyper,
  int,
  list,
  mapped,
  nothing,
  optional,
  repeated,
  struct,
  truth,
  uhyper,
  uint,
  type Codec,
  type Decoded,
  type Encodable,
} from './codec';
import { domain, DOMAIN_LIST_MAX, flags, optionalString, string, typedParams, uuid } from './values';

/** remote_protocol.x REMOTE_PROGRAM, qemu_protocol.x QEMU_PROGRAM; both have version 1. */
export const REMOTE_PROGRAM = 0x20008086;
export const QEMU_PROGRAM = 0x20008087;
export const PROGRAM_VERSION = 1;

export interface Procedure {
  program: number;
  number: number;
  /** `@priority: high` in the .x file: it never waits for a guest, so it may pass the ones that do. */
  urgent: boolean;
  args: Codec<unknown, never>;
  result: Codec<unknown, never>;
}

type Priority = 'high' | 'low';

const remote = <A extends Codec<unknown, never>, R extends Codec<unknown, never>>(
  number: number,
  priority: Priority,
  args: A,
  result: R,
) => ({ program: REMOTE_PROGRAM, number, urgent: priority === 'high', args, result });
const qemu = <A extends Codec<unknown, never>, R extends Codec<unknown, never>>(
  number: number,
  priority: Priority,
  args: A,
  result: R,
) => ({ ...remote(number, priority, args, result), program: QEMU_PROGRAM });

const ofDomain = struct({ dom: domain });
const ofDomainWithFlags = struct({ dom: domain, flags });
const aDomain = struct({ dom: domain });

/** remote_protocol.x remote_auth_type */
const authType = mapped(int, {
  read: (type: number) => ['none', 'sasl', 'polkit'][type] ?? String(type),
  write: (type: string) => ['none', 'sasl', 'polkit'].indexOf(type),
});

/** `char model[32]`: XDR gives each char an int of its own; the text ends at the first NUL. */
const model = mapped(repeated(int, 32), {
  read(chars: number[]) {
    const bytes = Buffer.from(chars);
    const end = bytes.indexOf(0);
    return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
  },
  write(text: string) {
    const bytes = Buffer.alloc(32);
    bytes.write(text, 0, 31);
    return [...bytes];
  },
});

/** remote_protocol.x remote_domain_ip_addr. `type`: libvirt-network.h virIPAddrType, 0 is IPv4, 1 is IPv6. */
const ipAddress = struct({ type: int, addr: string, prefix: uint });
/** remote_protocol.x remote_domain_interface */
const networkInterface = struct({ name: string, hwaddr: optionalString, addrs: list(ipAddress, 2048) });
/** remote_protocol.x remote_domain_stats_record */
const statsRecord = struct({ dom: domain, params: typedParams(262_144) });

/**
 * The calls that Reveille makes, by their names in src/remote/remote_protocol.x (REMOTE_PROC_…,
 * remote_…_args, remote_…_ret) and src/remote/qemu_protocol.x (QEMU_PROC_…), which also have the numbers,
 * members and priorities. All are older than libvirt 6.0, and the same in 11.3.
 */
export const PROCEDURES = {
  /** remote_protocol.x REMOTE_PROC_CONNECT_OPEN */
  connect_open: remote(1, 'high', struct({ name: optionalString, flags }), nothing),
  /** remote_protocol.x REMOTE_PROC_CONNECT_CLOSE */
  connect_close: remote(2, 'high', nothing, nothing),
  /** remote_protocol.x REMOTE_PROC_CONNECT_GET_TYPE: QEMU, TEST and so on. */
  connect_get_type: remote(3, 'high', nothing, struct({ type: string })),
  /**
   * remote_protocol.x REMOTE_PROC_CONNECT_GET_VERSION, of the hypervisor: major * 1 000 000 + minor * 1000 +
   * micro.
   */
  connect_get_version: remote(4, 'high', nothing, struct({ hv_ver: uhyper })),
  /** remote_protocol.x REMOTE_PROC_NODE_GET_INFO. `memory` in KiB. */
  node_get_info: remote(
    6,
    'high',
    nothing,
    struct({
      model,
      memory: uhyper,
      cpus: int,
      mhz: int,
      nodes: int,
      sockets: int,
      cores: int,
      threads: int,
    }),
  ),
  /** remote_protocol.x REMOTE_PROC_CONNECT_GET_CAPABILITIES, in XML. */
  connect_get_capabilities: remote(7, 'low', nothing, struct({ capabilities: string })),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_GET_XML_DESC. Flags: XML. */
  domain_get_xml_desc: remote(14, 'low', ofDomainWithFlags, struct({ xml: string })),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_GET_AUTOSTART */
  domain_get_autostart: remote(15, 'high', ofDomain, struct({ autostart: truth })),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_GET_INFO. Memory in KiB, `cpuTime` in ns. */
  domain_get_info: remote(
    16,
    'low',
    ofDomain,
    struct({ state: uint, maxMem: uhyper, memory: uhyper, nrVirtCpu: uint, cpuTime: uhyper }),
  ),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_LOOKUP_BY_NAME */
  domain_lookup_by_name: remote(23, 'high', struct({ name: string }), aDomain),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_LOOKUP_BY_UUID */
  domain_lookup_by_uuid: remote(24, 'high', struct({ uuid }), aDomain),
  /**
   * remote_protocol.x REMOTE_PROC_DOMAIN_REBOOT. Flags: SHUTDOWN. Answers when it is asked, not when it is
   * done.
   */
  domain_reboot: remote(27, 'low', ofDomainWithFlags, nothing),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_RESUME: the vCPUs of a paused domain run again. */
  domain_resume: remote(28, 'low', ofDomain, nothing),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_SUSPEND: stops the vCPUs; the guest does not know. */
  domain_suspend: remote(34, 'low', ofDomain, nothing),
  /** remote_protocol.x REMOTE_PROC_CONNECT_GET_HOSTNAME */
  connect_get_hostname: remote(59, 'high', nothing, struct({ hostname: string })),
  /** remote_protocol.x REMOTE_PROC_CONNECT_SUPPORTS_FEATURE (libvirt_internal.h virDrvFeature) */
  connect_supports_feature: remote(60, 'high', struct({ feature: int }), struct({ supported: truth })),
  /** remote_protocol.x REMOTE_PROC_AUTH_LIST */
  auth_list: remote(66, 'high', nothing, struct({ types: list(authType, 20) })),
  /** remote_protocol.x REMOTE_PROC_AUTH_POLKIT. Waits for as long as polkit asks the user. */
  auth_polkit: remote(70, 'high', nothing, struct({ complete: truth })),
  /** remote_protocol.x REMOTE_PROC_CONNECT_GET_URI */
  connect_get_uri: remote(110, 'high', nothing, struct({ uri: string })),
  /** remote_protocol.x REMOTE_PROC_CONNECT_GET_LIB_VERSION: major * 1 000 000 + minor * 1000 + micro. */
  connect_get_lib_version: remote(157, 'high', nothing, struct({ lib_ver: uhyper })),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_ABORT_JOB: ends a managed save that runs. */
  domain_abort_job: remote(164, 'low', ofDomain, nothing),
  /**
   * remote_protocol.x REMOTE_PROC_DOMAIN_MANAGED_SAVE. Flags: SAVE. Answers when the memory is on disk:
   * minutes.
   */
  domain_managed_save: remote(182, 'low', ofDomainWithFlags, nothing),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_HAS_MANAGED_SAVE_IMAGE */
  domain_has_managed_save_image: remote(183, 'low', ofDomainWithFlags, struct({ result: truth })),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_MANAGED_SAVE_REMOVE */
  domain_managed_save_remove: remote(184, 'low', ofDomainWithFlags, nothing),
  /**
   * remote_protocol.x REMOTE_PROC_DOMAIN_CREATE_WITH_FLAGS. Flags: START. Restores a managed save: minutes.
   */
  domain_create_with_flags: remote(196, 'low', ofDomainWithFlags, aDomain),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_SCREENSHOT, by `download`. The image is of the type `mime`. */
  domain_screenshot: remote(
    211,
    'low',
    struct({ dom: domain, screen: uint, flags }),
    struct({ mime: optionalString }),
  ),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_GET_STATE. domainStatus() names what it answers. */
  domain_get_state: remote(212, 'high', ofDomainWithFlags, struct({ state: int, reason: int })),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_UNDEFINE_FLAGS */
  domain_undefine_flags: remote(231, 'high', ofDomainWithFlags, nothing),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_DESTROY_FLAGS. Flags: DESTROY. */
  domain_destroy_flags: remote(234, 'high', ofDomainWithFlags, nothing),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_RESET */
  domain_reset: remote(245, 'low', ofDomainWithFlags, nothing),
  /** remote_protocol.x REMOTE_PROC_NODE_SUSPEND_FOR_DURATION, of the host. `duration` in s, 60 or more. */
  node_suspend_for_duration: remote(250, 'low', struct({ target: uint, duration: uhyper, flags }), nothing),
  /**
   * remote_protocol.x REMOTE_PROC_DOMAIN_SHUTDOWN_FLAGS. Flags: SHUTDOWN. Answers when it is asked, not when
   * it is done.
   */
  domain_shutdown_flags: remote(258, 'low', ofDomainWithFlags, nothing),
  /**
   * remote_protocol.x REMOTE_PROC_DOMAIN_PM_SUSPEND_FOR_DURATION. `target`: SUSPEND_TARGET. QEMU's driver
   * takes no `duration` but 0. An answer says that the agent was asked, not that the guest sleeps.
   */
  domain_pm_suspend_for_duration: remote(
    261,
    'low',
    struct({ dom: domain, target: uint, duration: uhyper, flags }),
    nothing,
  ),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_PM_WAKEUP */
  domain_pm_wakeup: remote(267, 'low', ofDomainWithFlags, nothing),
  /**
   * remote_protocol.x REMOTE_PROC_CONNECT_LIST_ALL_DOMAINS. Flags: LIST. `need_results` false only counts, in
   * `ret`.
   */
  connect_list_all_domains: remote(
    273,
    'high',
    struct({ need_results: truth, flags }),
    struct({ domains: list(domain, DOMAIN_LIST_MAX), ret: uint }),
  ),
  /** remote_protocol.x REMOTE_PROC_CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY; by `subscribe`. */
  connect_domain_event_callback_register_any: remote(
    316,
    'high',
    struct({ eventID: int, dom: optional(domain) }),
    struct({ callbackID: int }),
  ),
  /** remote_protocol.x REMOTE_PROC_CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY; by `unsubscribe`. */
  connect_domain_event_callback_deregister_any: remote(317, 'high', struct({ callbackID: int }), nothing),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_GET_TIME, of the guest's clock, by its agent. */
  domain_get_time: remote(337, 'low', ofDomainWithFlags, struct({ seconds: hyper, nseconds: uint })),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_SET_TIME, by the guest's agent. Flags: SET_TIME. */
  domain_set_time: remote(
    338,
    'low',
    struct({ dom: domain, seconds: hyper, nseconds: uint, flags }),
    nothing,
  ),
  /**
   * remote_protocol.x REMOTE_PROC_CONNECT_GET_ALL_DOMAIN_STATS. `stats`: STATS, none for all. Of all domains
   * when `doms` is empty. Flags: GET_STATS and LIST (active to other).
   */
  connect_get_all_domain_stats: remote(
    344,
    'low',
    struct({ doms: list(domain, DOMAIN_LIST_MAX), stats: flags, flags }),
    struct({ retStats: list(statsRecord, DOMAIN_LIST_MAX) }),
  ),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_DEFINE_XML_FLAGS. Flags: DEFINE. */
  domain_define_xml_flags: remote(350, 'high', struct({ xml: string, flags }), aDomain),
  /** remote_protocol.x REMOTE_PROC_DOMAIN_INTERFACE_ADDRESSES. `source`: ADDRESS_SOURCE. */
  domain_interface_addresses: remote(
    353,
    'low',
    struct({ dom: domain, source: uint, flags }),
    struct({ ifaces: list(networkInterface, 2048) }),
  ),
  /** remote_protocol.x REMOTE_PROC_CONNECT_REGISTER_CLOSE_CALLBACK; by the client itself. */
  connect_register_close_callback: remote(360, 'high', nothing, nothing),
  /**
   * remote_protocol.x REMOTE_PROC_DOMAIN_GET_GUEST_INFO (libvirt 5.7), by the guest's agent. `types`:
   * GUEST_INFO.
   */
  domain_get_guest_info: remote(
    418,
    'low',
    struct({ dom: domain, types: flags, flags }),
    struct({ params: typedParams(2048) }),
  ),
  /** qemu_protocol.x QEMU_PROC_DOMAIN_MONITOR_COMMAND. Flags: MONITOR_COMMAND; `cmd` is QMP without. */
  domain_monitor_command: qemu(
    1,
    'low',
    struct({ dom: domain, cmd: string, flags }),
    struct({ result: string }),
  ),
  /** qemu_protocol.x QEMU_PROC_DOMAIN_AGENT_COMMAND. `timeout` in s, or one of AGENT_TIMEOUT. */
  domain_agent_command: qemu(
    3,
    'low',
    struct({ dom: domain, cmd: string, timeout: int, flags }),
    struct({ result: optionalString }),
  ),
} satisfies Record<string, Procedure>;

export type ProcedureName = keyof typeof PROCEDURES;
export type ProcedureArguments<P extends ProcedureName> = Encodable<(typeof PROCEDURES)[P]['args']>;
export type ProcedureResult<P extends ProcedureName> = Decoded<(typeof PROCEDURES)[P]['result']>;
