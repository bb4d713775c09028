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

/** The files of a Linux guest that can be read; undefined for every other. */
function fileContent(guest: GuestSystem, path: string): string | undefined {
  switch (path) {
    case '/proc/sys/kernel/random/boot_id':
      return `${guest.memory()?.bootId ?? ''}\n`;
    case '/proc/uptime': {
      const seconds = (guest.uptimeMs() / 1000).toFixed(2);
      return `${seconds} ${seconds}\n`;
    }
    default:
      return undefined;
  }
}

function openFile({ guest }: AgentTarget, args: JsonObject): Reply {
  const path = String(args['path']);
  const mode = String(args['mode'] ?? 'r');
  if (!/^[rwa](?:b|\+|b\+|\+b)?$/.test(mode)) return refuse(`invalid file open mode '${mode}'`);
  const content = fileContent(guest, path);
  const memory = guest.memory();
  if (content === undefined || !memory || mode !== 'r') {
    const reason = content === undefined ? 'No such file or directory' : 'Permission denied';
    return refuse(`failed to open file '${path}' (mode: '${mode}'): ${reason}`);
  }
  memory.lastFileHandle += 1;
  memory.openFiles.set(memory.lastFileHandle, { rest: Buffer.from(content) });
  return answer(memory.lastFileHandle);
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
  'guest-file-close': {
    parameters: [HANDLE],
    run: ({ guest }, args) =>
      guest.memory()?.openFiles.delete(Number(args['handle']))
        ? answer()
        : refuse(`handle '${Number(args['handle'])}' has not been found`),
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
