import { parseMessage, type JsonObject, type JsonValue, type Piece } from './qemu-json';

/** What a command answers; `none` where QEMU's schema says 'success-response': false. */
export type Reply =
  { kind: 'value'; value: JsonValue } | { kind: 'error'; class: string; desc: string } | { kind: 'none' };

export const NO_REPLY: Reply = { kind: 'none' };
export const answer = (value: JsonValue = {}): Reply => ({ kind: 'value', value });
export const refuse = (desc: string, errorClass = 'GenericError'): Reply => ({
  kind: 'error',
  class: errorClass,
  desc,
});

export interface Parameter {
  name: string;
  type: 'string' | 'integer' | 'array';
  optional?: boolean;
}

/** A command of QMP or of the agent, run on `Target`. */
export interface Command<Target> {
  parameters: readonly Parameter[];
  /** false: answers only when it fails. */
  successResponse?: boolean;
  /** false: the guest's administrator has disabled it. */
  enabled?: boolean;
  run(target: Target, args: JsonObject): Reply;
}
export type CommandTable<Target> = Readonly<Record<string, Command<Target>>>;

export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function hasType(value: JsonValue, type: Parameter['type']): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
  }
}

/**
 * Refuses arguments as QEMU's generated marshallers do (qapi/qobject-input-visitor.c); null when they fit.
 */
export function refuseArguments(parameters: readonly Parameter[], args: JsonObject): Reply | null {
  for (const { name, type, optional } of parameters) {
    const value = args[name];
    if (value === undefined) {
      if (!optional) return refuse(`Parameter '${name}' is missing`);
    } else if (!hasType(value, type)) {
      return refuse(`Invalid parameter type for '${name}', expected: ${type}`);
    }
  }
  const unexpected = Object.keys(args).find((key) => !parameters.some(({ name }) => name === key));
  return unexpected === undefined ? null : refuse(`Parameter '${unexpected}' is unexpected`);
}

/** Runs a command of `table` by its name. */
export function runCommand<Target>(
  table: CommandTable<Target>,
  name: string,
  target: Target,
  args: JsonObject,
): Reply {
  const command = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!command) return refuse(`The command ${name} has not been found`, 'CommandNotFound');
  if (command.enabled === false) return refuse(`Command ${name} has been disabled`, 'CommandNotFound');
  return refuseArguments(command.parameters, args) ?? command.run(target, args);
}

/** What a client asked for, or why that was no request. `id` is echoed where there is one. */
export type Request = { id: JsonValue | undefined } & (
  { kind: 'command'; name: string; oob: boolean; args: JsonObject } | { kind: 'bad'; reply: Reply }
);

const bad = (desc: string, id?: JsonValue): Request => ({ id, kind: 'bad', reply: refuse(desc) });

/**
 * Reads a request as QEMU does (qapi/qmp-dispatch.c qmp_dispatch_check_obj); `oob`: out-of-band commands
 * are enabled.
 */
export function readRequest(piece: Piece, oob: boolean): Request {
  if (piece.kind === 'malformed') return bad(`JSON parse error, ${piece.reason}`);
  const parsed = parseMessage(piece.text);
  if (!parsed.ok) return bad(`JSON parse error, ${parsed.reason}`);
  if (!isObject(parsed.value)) return bad('QMP input must be a JSON object');
  const { id, ...members } = parsed.value;
  const keywords = oob ? ['execute', 'exec-oob'] : ['execute'];
  for (const [key, value] of Object.entries(members)) {
    if (keywords.includes(key)) {
      if (typeof value !== 'string') return bad(`QMP input member '${key}' must be a string`, id);
    } else if (key === 'arguments') {
      if (!isObject(value)) return bad("QMP input member 'arguments' must be an object", id);
    } else {
      return bad(`QMP input member '${key}' is unexpected`, id);
    }
  }
  const name = members['execute'] ?? members['exec-oob'];
  if (typeof name !== 'string') return bad("QMP input lacks member 'execute'", id);
  const args = members['arguments'];
  return { id, kind: 'command', name, oob: 'exec-oob' in members, args: isObject(args) ? args : {} };
}

/** The message that answers a request; null when there is nothing to say. */
export function replyBody(reply: Reply, id: JsonValue | undefined): JsonObject | null {
  const echo: JsonObject = id === undefined ? {} : { id };
  switch (reply.kind) {
    case 'value':
      return { return: reply.value, ...echo };
    case 'error':
      return { ...echo, error: { class: reply.class, desc: reply.desc } };
    case 'none':
      return null;
  }
}
