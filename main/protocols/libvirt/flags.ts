/** The flags that calls take, by the enum of libvirt's headers. Combine them with `|`. */

/** libvirt-host.h virConnectFlags, for connect_open; given by the client itself. */
export const CONNECT = { readOnly: 1 } as const;

/**
 * libvirt-domain.h virConnectListAllDomainsFlags. None lists every domain; of one group, any that is given.
 */
export const LIST = {
  active: 1 << 0,
  inactive: 1 << 1,
  persistent: 1 << 2,
  transient: 1 << 3,
  running: 1 << 4,
  paused: 1 << 5,
  shutoff: 1 << 6,
  other: 1 << 7,
  managedSave: 1 << 8,
  noManagedSave: 1 << 9,
  autostart: 1 << 10,
  noAutostart: 1 << 11,
} as const;

/** libvirt-domain.h virDomainXMLFlags. `secure` needs a connection that may write. */
export const XML = { secure: 1 << 0, inactive: 1 << 1, migratable: 1 << 3 } as const;

/** libvirt-domain.h virDomainCreateFlags, for domain_create_with_flags. */
export const START = { paused: 1 << 0, bypassCache: 1 << 2, forceBoot: 1 << 3, resetNvram: 1 << 5 } as const;

/** libvirt-domain.h virDomainShutdownFlagValues; virDomainRebootFlagValues has the same. */
export const SHUTDOWN = {
  acpiPowerButton: 1 << 0,
  guestAgent: 1 << 1,
  initctl: 1 << 2,
  signal: 1 << 3,
} as const;

/** libvirt-domain.h virDomainDestroyFlagsValues */
export const DESTROY = { graceful: 1 << 0, removeLogs: 1 << 1 } as const;

/** libvirt-domain.h virDomainSaveRestoreFlags, for domain_managed_save. */
export const SAVE = { bypassCache: 1 << 0, running: 1 << 1, paused: 1 << 2 } as const;

/** libvirt-domain.h virDomainDefineFlags */
export const DEFINE = { validate: 1 << 0 } as const;

/** libvirt-host.h virNodeSuspendTarget, for domain_pm_suspend_for_duration and node_suspend_for_duration. */
export const SUSPEND_TARGET = { mem: 0, disk: 1, hybrid: 2 } as const;

/** libvirt-domain.h virDomainStatsTypes: what connect_get_all_domain_stats tells. */
export const STATS = {
  state: 1 << 0,
  cpuTotal: 1 << 1,
  balloon: 1 << 2,
  vcpu: 1 << 3,
  interface: 1 << 4,
  block: 1 << 5,
} as const;

/**
 * libvirt-domain.h virConnectGetAllDomainStatsFlags, beside those of LIST. `noWait` (libvirt 4.5) gives what
 * is known without waiting for a domain that is busy.
 */
export const GET_STATS = { noWait: 1 << 29 } as const;

/** libvirt-domain.h virDomainInterfaceAddressesSource */
export const ADDRESS_SOURCE = { lease: 0, agent: 1, arp: 2 } as const;

/** libvirt-domain.h virDomainGuestInfoTypes. None asks for everything that the agent can tell. */
export const GUEST_INFO = {
  users: 1 << 0,
  os: 1 << 1,
  timezone: 1 << 2,
  hostname: 1 << 3,
  filesystem: 1 << 4,
  disks: 1 << 5,
  interfaces: 1 << 6,
} as const;

/** libvirt-domain.h virDomainSetTimeFlags */
export const SET_TIME = { sync: 1 << 0 } as const;

/**
 * libvirt-domain.h virDomainAgentResponseTimeoutValues: the `timeout` of domain_agent_command, else in
 * seconds.
 */
export const AGENT_TIMEOUT = { block: -2, default: -1, noWait: 0 } as const;

/** libvirt-qemu.h virDomainQemuMonitorCommandFlags */
export const MONITOR_COMMAND = { hmp: 1 << 0 } as const;
