import { agentCommands, type AgentTarget } from './agent-commands';
import type { CommandTable } from './commands';
import { qmpCommands } from './qmp-commands';
import { toQemuJson, type JsonObject } from './qemu-json';
import type { GuestMemory, GuestSystem, Machine, MachineEvent } from './simulation';

/** A message on its way to a client. */
export type Outgoing =
  | { channel: 'qmp'; kind: 'greeting'; body: JsonObject }
  /** `command` is null where the request named none. */
  | { channel: 'qmp'; kind: 'reply'; command: string | null; body: JsonObject }
  | { channel: 'qmp'; kind: 'event'; name: string; body: JsonObject }
  /** `delimited`: preceded by 0xFF, as the answer to guest-sync-delimited is. */
  | { channel: 'agent'; kind: 'reply'; command: string | null; delimited: boolean; body: JsonObject };

/** The client's end of a socket. */
export interface Wire {
  /** Counts the clients of this socket from 1. */
  readonly session: number;
  write(bytes: Uint8Array): void;
  /** Drops the connection. */
  destroy(): void;
}

/**
 * Everything that a simulated QEMU does in a way that another one might not: replace a member to make one
 * that is not faithful.
 */
export interface Behaviour {
  qmp: CommandTable<Machine>;
  agent: CommandTable<AgentTarget>;
  /** Carries an event from the machine to its clients; null keeps it from them. */
  event(event: MachineEvent): MachineEvent | null;
  /** The power button is pressed while the guest's system runs. */
  powerButton(guest: GuestSystem): void;
  /** Whether a booting guest finds its hibernation image intact. */
  resumesImage(image: GuestMemory): boolean;
  send(message: Outgoing, wire: Wire): void;
}

/** A message as QEMU writes it: CRLF behind those of QMP, LF behind the agent's. */
export function encode(message: Outgoing): Buffer {
  const text = toQemuJson(message.body);
  if (message.channel === 'qmp') return Buffer.from(`${text}\r\n`);
  const line = Buffer.from(`${text}\n`);
  return message.delimited ? Buffer.concat([Buffer.from([0xff]), line]) : line;
}

/** QEMU 7.2's behaviour as measured, with the agent's of the same version. */
export const faithfulBehaviour: Behaviour = {
  qmp: qmpCommands,
  agent: agentCommands,
  event: (event) => event,
  powerButton: (guest) => guest.shutdown('powerdown'),
  resumesImage: () => true,
  send: (message, wire) => wire.write(encode(message)),
};
