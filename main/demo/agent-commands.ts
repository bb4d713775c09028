import {
  answer,
  NO_REPLY,
  refuse,
  type Command,
  type CommandTable,
  type Parameter,
  type Reply,
} from './commands';
import type { JsonObject, JsonValue } from './qemu-json';
import type { GuestSystem, MachineSettings, NetworkInterface, ShutdownMode, SleepMode } from './simulation';

/** What the agent's commands work on. */
export interface AgentTarget {
  guest: GuestSystem;
  settings: MachineSettings;
}

const DEFAULT_READ_BYTES = 4096;

const query = (run: (target: AgentTarget) => JsonValue): Command<AgentTarget> => ({
  parameters: [],
  run: (target) => answer(run(target)),
});

const echoId: Command<AgentTarget> = {
  parameters: [{ name: 'id', type: 'integer' }],
  run: (_, args) => answer(args['id'] ?? null),
};

const suspend = (mode: SleepMode): Command<AgentTarget> => ({
  parameters: [],
  successResponse: false,
  run({ guest }) {
    if (!guest.supports(mode)) return refuse('the requested suspend mode is not supported by the guest');
    guest.suspend(mode);
    return NO_REPLY;
  },
});

const disabled = (...parameters: Parameter[]): Command<AgentTarget> => ({
  parameters,
  enabled: false,
  run: () => NO_REPLY,
});

function networkInterface({ name, mac, addresses }: NetworkInterface): JsonObject {
  return {
    name,
    'hardware-address': mac,
    'ip-addresses': addresses.map(({ address, prefix }) => ({
      'ip-address': address,
      'ip-address-type': address.includes(':') ? 'ipv6' : 'ipv4',
      prefix,
    })),
  };
}

const LOOPBACK: NetworkInterface = {
  name: 'lo',
  mac: '00:00:00:00:00:00',
  addresses: [
    { address: '127.0.0.1', prefix: 8 },
    { address: '::1', prefix: 128 },
  ],
};

const WAKE_ALARM = '/sys/class/rtc/rtc0/wakealarm';

/** The files of a Linux guest that can be read; undefined for every other. */
function fileContent({ guest, settings }: AgentTarget, path: string): string | undefined {
  switch (path) {
    case '/proc/sys/kernel/random/boot_id':
      return `${guest.memory()?.bootId ?? ''}\n`;
    case '/proc/uptime': {
      const seconds = (guest.uptimeMs() / 1000).toFixed(2);
      return `${seconds} ${seconds}\n`;
    }
    case '/sys/class/rtc/rtc0/since_epoch':
      return settings.wakeClock ? `${Math.floor(guest.rtcMs() / 1000)}\n` : undefined;
    case WAKE_ALARM: {
      const at = guest.wakeAlarm();
      if (!settings.wakeClock) return undefined;
      return at === null ? '' : `${Math.floor(at / 1000)}\n`;
    }
    default:
      return undefined;
  }
}

/** As drivers/rtc/sysfs.c wakealarm_store: refuses to set an alarm over another one. */
function writeWakeAlarm({ guest }: AgentTarget, text: string): void {
  const [, plus, digits] = /^(\+?)(\d+)\s*$/.exec(text) ?? [];
  if (digits === undefined) throw new Error('Invalid argument');
  const seconds = Number(digits) - (plus ? 0 : Math.floor(guest.rtcMs() / 1000));
  if (seconds <= 0) return guest.setWakeAlarm(null);
  if (guest.wakeAlarm() !== null) throw new Error('Device or resource busy');
  guest.setWakeAlarm(seconds * 1000 - (guest.rtcMs() % 1000));
}

function openFile(target: AgentTarget, args: JsonObject): Reply {
  const path = String(args['path']);
  const mode = String(args['mode'] ?? 'r');
  if (!/^[rwa](?:b|\+|b\+|\+b)?$/.test(mode)) return refuse(`invalid file open mode '${mode}'`);
  const content = fileContent(target, path);
  const memory = target.guest.memory();
  const writes = path === WAKE_ALARM && mode === 'w';
  if (content === undefined || !memory || (mode !== 'r' && !writes)) {
    const reason = content === undefined ? 'No such file or directory' : 'Permission denied';
    return refuse(`failed to open file '${path}' (mode: '${mode}'): ${reason}`);
  }
  memory.lastFileHandle += 1;
  memory.openFiles.set(
    memory.lastFileHandle,
    writes
      ? { rest: Buffer.alloc(0), write: (text) => writeWakeAlarm(target, text) }
      : { rest: Buffer.from(content) },
  );
  return answer(memory.lastFileHandle);
}

/** Written through a buffer, as qemu-ga does: what the system refuses shows when the file is closed. */
function writeFile({ guest }: AgentTarget, args: JsonObject): Reply {
  const handle = Number(args['handle']);
  const file = guest.memory()?.openFiles.get(handle);
  if (!file) return refuse(`handle '${handle}' has not been found`);
  const bytes = Buffer.from(String(args['buf-b64']), 'base64');
  file.rest = Buffer.concat([file.rest, bytes]);
  return answer({ count: bytes.length, eof: false });
}

function closeFile({ guest }: AgentTarget, args: JsonObject): Reply {
  const handle = Number(args['handle']);
  const file = guest.memory()?.openFiles.get(handle);
  if (!file) return refuse(`handle '${handle}' has not been found`);
  guest.memory()?.openFiles.delete(handle);
  try {
    file.write?.(file.rest.toString('latin1'));
    return answer();
  } catch (error) {
    return refuse(`failed to close handle: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readFile({ guest }: AgentTarget, args: JsonObject): Reply {
  const handle = Number(args['handle']);
  const file = guest.memory()?.openFiles.get(handle);
  if (!file) return refuse(`handle '${handle}' has not been found`);
  const count = Number(args['count'] ?? DEFAULT_READ_BYTES);
  if (count < 0) return refuse(`value '${count}' is invalid for argument count`);
  const bytes = file.rest.subarray(0, count);
  file.rest = file.rest.subarray(count);
  return answer({ count: bytes.length, 'buf-b64': bytes.toString('base64'), eof: bytes.length < count });
}

function shutdown({ guest }: AgentTarget, args: JsonObject): Reply {
  const mode = String(args['mode'] ?? 'powerdown');
  const modes: readonly ShutdownMode[] = ['powerdown', 'halt', 'reboot'];
  const known = modes.find((candidate) => candidate === mode);
  if (!known) return refuse('mode is invalid (valid values are: halt|powerdown|reboot');
  guest.shutdown(known);
  return NO_REPLY;
}

const HANDLE: Parameter = { name: 'handle', type: 'integer' };

export const agentCommands: CommandTable<AgentTarget> = {
  'guest-sync-delimited': echoId,
  'guest-sync': echoId,
  'guest-ping': query(() => ({})),
  'guest-get-time': query(({ guest }) => BigInt(Math.round(guest.timeMs())) * 1_000_000n),
  'guest-set-time': {
    parameters: [{ name: 'time', type: 'integer', optional: true }],
    run({ guest }, { time }) {
      guest.setTime(time === undefined ? null : Number(time) / 1e6);
      return answer();
    },
  },
  'guest-shutdown': {
    parameters: [{ name: 'mode', type: 'string', optional: true }],
    successResponse: false,
    run: shutdown,
  },
  'guest-file-open': {
    parameters: [
      { name: 'path', type: 'string' },
      { name: 'mode', type: 'string', optional: true },
    ],
    run: openFile,
  },
  'guest-file-close': { parameters: [HANDLE], run: closeFile },
  'guest-file-write': {
    parameters: [HANDLE, { name: 'buf-b64', type: 'string' }, { name: 'count', type: 'integer', optional: true }],
    run: writeFile,
  },
  'guest-file-read': {
    parameters: [HANDLE, { name: 'count', type: 'integer', optional: true }],
    run: readFile,
  },
  'guest-suspend-disk': suspend('disk'),
  'guest-suspend-ram': suspend('ram'),
  'guest-suspend-hybrid': suspend('hybrid'),
  'guest-network-get-interfaces': query(({ settings }) =>
    [LOOPBACK, ...settings.interfaces].map(networkInterface),
  ),
  'guest-exec': disabled(
    { name: 'path', type: 'string' },
    { name: 'arg', type: 'array', optional: true },
    { name: 'env', type: 'array', optional: true },
  ),
  'guest-exec-status': disabled({ name: 'pid', type: 'integer' }),
  'guest-get-host-name': query(({ settings }) => ({ 'host-name': settings.hostName })),
  'guest-get-users': query(({ settings }) =>
    settings.users.map(({ user, loginTime }) => ({ user, 'login-time': loginTime })),
  ),
  'guest-get-timezone': query(() => ({ zone: 'UTC', offset: 0 })),
  'guest-get-osinfo': query(({ settings }) => settings.os),
};
