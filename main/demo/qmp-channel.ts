import type { Clock } from '../clock';
import type { Behaviour, Outgoing, Wire } from './behaviour';
import {
  answer,
  readRequest,
  refuse,
  refuseArguments,
  replyBody,
  runCommand,
  type Parameter,
  type Reply,
  type Request,
} from './commands';
import { serveOneClient, type Client, type LocalAddress, type OneClientServer } from './one-client-server';
import { jsonSplitter, type JsonObject, type JsonValue } from './qemu-json';
import type { Machine, MachineEvent } from './simulation';

export interface QmpChannelOptions {
  address: LocalAddress;
  machine: Machine;
  clock: Clock;
  behaviour: Behaviour;
  /** What query-chardev answers. */
  chardevs(): JsonValue;
}

export interface QmpChannel {
  /** Tells the client, if there is one and it is past qmp_capabilities. */
  sendEvent(event: MachineEvent): void;
  close: OneClientServer['close'];
}

interface Session {
  client: Client;
  split: ReturnType<typeof jsonSplitter>;
  negotiated: boolean;
  oob: boolean;
}

const CAPABILITIES_PARAMETERS: readonly Parameter[] = [{ name: 'enable', type: 'array', optional: true }];

/** The commands that answer for the connection instead of the machine. */
const CONNECTION_COMMANDS = ['qmp_capabilities', 'query-commands', 'query-chardev'];

/** A monitor in control mode on a socket (monitor/qmp.c). */
export async function openQmpChannel({
  address,
  machine,
  clock,
  behaviour,
  chardevs,
}: QmpChannelOptions): Promise<QmpChannel> {
  let session: Session | null = null;

  const send = (message: Outgoing, wire: Wire) => behaviour.send(message, wire);

  const negotiate = (asking: Session, args: JsonObject): Reply => {
    if (asking.negotiated) {
      return refuse('Capabilities negotiation is already complete, command ignored', 'CommandNotFound');
    }
    const refused = refuseArguments(CAPABILITIES_PARAMETERS, args);
    if (refused) return refused;
    const enable = Array.isArray(args['enable']) ? args['enable'] : [];
    const unknown = enable.find((capability) => capability !== 'oob');
    if (unknown !== undefined) return refuse(`Parameter 'null' does not accept value '${String(unknown)}'`);
    asking.oob = enable.includes('oob');
    asking.negotiated = true;
    return answer();
  };

  const run = (asking: Session, request: Extract<Request, { kind: 'command' }>): Reply => {
    const { name, args } = request;
    if (!asking.negotiated && name !== 'qmp_capabilities') {
      return refuse("Expecting capabilities negotiation with 'qmp_capabilities'", 'CommandNotFound');
    }
    if (request.oob) return refuse(`The command ${name} does not support OOB`);
    switch (name) {
      case 'qmp_capabilities':
        return negotiate(asking, args);
      case 'query-commands':
        return (
          refuseArguments([], args) ??
          answer(
            [...CONNECTION_COMMANDS, ...Object.keys(behaviour.qmp)].map((command) => ({ name: command })),
          )
        );
      case 'query-chardev':
        return refuseArguments([], args) ?? answer(chardevs());
      default:
        return runCommand(behaviour.qmp, name, machine, args);
    }
  };

  const server = await serveOneClient(address, {
    onClient(client) {
      session = { client, split: jsonSplitter(), negotiated: false, oob: false };
      const { package: packaged, ...qemu } = machine.settings.qemuVersion;
      const body = { QMP: { version: { qemu, package: packaged }, capabilities: ['oob'] } };
      send({ channel: 'qmp', kind: 'greeting', body }, client);
    },
    onData(client, bytes) {
      if (!session) return;
      for (const piece of session.split(bytes)) {
        const request = readRequest(piece, session.oob);
        const reply = request.kind === 'bad' ? request.reply : run(session, request);
        const body = replyBody(reply, request.id);
        const command = request.kind === 'bad' ? null : request.name;
        if (body) send({ channel: 'qmp', kind: 'reply', command, body }, client);
      }
    },
    onLeave() {
      session = null;
    },
  });

  return {
    sendEvent(event) {
      if (!session?.negotiated) return;
      const now = clock.now();
      const seconds = Math.floor(now / 1000);
      const timestamp = { seconds, microseconds: Math.floor((now - seconds * 1000) * 1000) };
      const body: JsonObject = { timestamp, event: event.name, ...(event.data ? { data: event.data } : {}) };
      send({ channel: 'qmp', kind: 'event', name: event.name, body }, session.client);
    },
    close: server.close,
  };
}
