import { parseKeyValues, readSwitch } from './options';

/**
 * Where a character device takes connections, as its command line states it: paths may be relative to QEMU's
 * working directory, and a number may stand for a socket that QEMU inherited.
 */
export type Endpoint =
  | { kind: 'unix'; path: string }
  /** A Linux abstract socket; `tight` false pads its name with NULs to the full length of sun_path. */
  | { kind: 'abstract'; name: string; tight: boolean }
  /** `port` 0 is chosen by the system, and with `lastPort` above `port` the first free one counts. */
  | { kind: 'tcp'; host: string; port: number; lastPort: number }
  | { kind: 'fd'; fd: number }
  /** QEMU's `pipe:NAME`: a named pipe on Windows, FIFOs elsewhere. */
  | { kind: 'pipe'; name: string }
  /** `why` completes the sentence "It ...". */
  | { kind: 'none'; why: string };

const none = (why: string): Endpoint => ({ kind: 'none', why });

/**
 * Reads the value of -chardev: `socket,id=mon0,path=/p,server=on`, or JSON in the form of QMP's chardev-add
 * (`{"id":..,"backend":{"type":"socket","data":{"addr":{"type":"unix","data":{"path":..}},"server":true}}}`),
 * or flattened JSON. Source: QEMU's chardev/char-socket.c (qemu_chr_parse_socket), qapi/char.json
 * ChardevSocket, qapi/sockets.json.
 */
export function parseChardev(value: string): { id: string; endpoint: Endpoint } | null {
  const given = parseKeyValues(value, 'backend');
  const id = given.get('id');
  if (id === undefined || id === '') return null;
  return { id, endpoint: endpointOf(flattened(given)) };
}

/**
 * Reads the short form that -qmp, -monitor and -serial take: `unix:/p,server=on`, `tcp:host:port,server`,
 * `pipe:name`, with an optional `mon:` before it. Source: chardev/char.c (qemu_chr_parse_compat).
 */
export function parseShortForm(value: string): Endpoint {
  const text = value.startsWith('mon:') ? value.slice(4) : value;
  if (text.startsWith('unix:')) {
    return endpointOf(parseKeyValues(text.slice(5), 'path').set('backend', 'socket'));
  }
  const [, protocol, address] = /^(tcp|telnet|tn3270|websocket):(.*)$/s.exec(text) ?? [];
  if (protocol !== undefined && address !== undefined) {
    const comma = address.indexOf(',');
    const [, host, port] =
      /^(\[[^\]]*\]|[^:]*):(.*)$/s.exec(comma === -1 ? address : address.slice(0, comma)) ?? [];
    if (host === undefined || port === undefined) return none('has an address without a port');
    const options = parseKeyValues(comma === -1 ? '' : address.slice(comma + 1), null);
    options
      .set('backend', 'socket')
      .set('host', host.replace(/^\[|\]$/g, ''))
      .set('port', port);
    if (protocol !== 'tcp') options.set(protocol, 'on');
    return endpointOf(options);
  }
  if (text.startsWith('pipe:')) return { kind: 'pipe', name: text.slice(5) };
  return none(`uses "${bounded(text.split(/[:,]/)[0] ?? '')}", which takes no connections`);
}

/** The nested forms of JSON chardevs brought to the keys of the plain form. */
function flattened(given: Map<string, string>): Map<string, string> {
  const nestedType = given.get('backend.type');
  if (nestedType === undefined && !given.has('addr.type')) return given;
  const plain = new Map<string, string>([['backend', nestedType ?? given.get('backend') ?? '']]);
  for (const [key, value] of given) {
    const inner = key.replace(/^backend\./, '').replace(/^data\./, '');
    const address = /^addr\.(?:data\.)?(.+)$/.exec(inner)?.[1];
    if (address === undefined) {
      if (inner !== 'type' && inner !== 'backend') plain.set(inner, value);
    } else if (address === 'str') {
      plain.set('fd', value);
    } else if (address !== 'type') {
      plain.set(address, value);
    }
  }
  return plain;
}

function endpointOf(chardev: Map<string, string>): Endpoint {
  const backend = chardev.get('backend');
  if (backend === 'pipe') return { kind: 'pipe', name: chardev.get('path') ?? chardev.get('device') ?? '' };
  if (backend !== 'socket') return none(`uses "${bounded(backend ?? '')}", which takes no connections`);
  if (!readSwitch(chardev.get('server'), false)) return none('connects out instead of listening');
  for (const layer of ['telnet', 'tn3270', 'websocket']) {
    if (readSwitch(chardev.get(layer), false)) return none(`speaks ${layer}`);
  }
  if ((chardev.get('tls-creds') ?? '') !== '') return none('asks for TLS');

  const path = chardev.get('path');
  if (path !== undefined && path !== '') {
    return readSwitch(chardev.get('abstract'), false)
      ? { kind: 'abstract', name: path, tight: readSwitch(chardev.get('tight'), true) }
      : { kind: 'unix', path };
  }
  const fd = chardev.get('fd');
  if (fd !== undefined) {
    return /^\d{1,9}$/.test(fd)
      ? { kind: 'fd', fd: Number(fd) }
      : none(`listens on "${bounded(fd)}", which is unknown`);
  }
  const port = readPort(chardev.get('port'));
  if (port === null) return none('has no port number');
  const onlyIpv6 = readSwitch(chardev.get('ipv6'), false) && !readSwitch(chardev.get('ipv4'), false);
  const host = chardev.get('host') ?? '';
  return {
    kind: 'tcp',
    host: host === '' ? (onlyIpv6 ? '::' : '0.0.0.0') : host,
    port,
    lastPort: Math.max(port, readPort(chardev.get('to')) ?? 0),
  };
}

function readPort(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port <= 65_535 ? port : null;
}

const bounded = (text: string): string => (text.length > 64 ? `${text.slice(0, 64)}...` : text);
