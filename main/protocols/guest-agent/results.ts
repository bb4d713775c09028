import { flag, integer, listOf, number, oneOf, record, ShapeError, text, type Shape } from '../shape';
import { AgentError } from './errors';
import type { AgentCommand, AgentResult } from './schema';

const nothing = record({});

/** An int64 of nanoseconds, which JSON.parse has rounded: the text of the message has its digits. */
const nanoseconds = (value: unknown, where: string, message: string): bigint => {
  integerLiteral(value, where);
  const digits = /"return"\s*:\s*(-?\d{1,19})\s*[,}]/.exec(message)?.[1];
  if (digits === undefined) throw new ShapeError(where, 'an integer of at most 19 digits', value);
  return BigInt(digits);
};
const integerLiteral: Shape<number> = (value, where) => {
  if (typeof value !== 'number' || !Number.isInteger(value)) throw new ShapeError(where, 'an integer', value);
  return value;
};

/** Like Shape, and may look at the whole message's text. */
type ResultShape<T> = (value: unknown, where: string, message: string) => T;

/** What every command answers with: checked before the app sees it. */
const resultShapes: { [C in AgentCommand]: ResultShape<AgentResult<C>> } = {
  'guest-ping': nothing,
  'guest-info': record({
    version: text,
    supported_commands: listOf(record({ name: text, enabled: flag }, { 'success-response': flag })),
  }),
  'guest-get-osinfo': record(
    {},
    {
      'kernel-release': text,
      'kernel-version': text,
      machine: text,
      id: text,
      name: text,
      'pretty-name': text,
      version: text,
      'version-id': text,
      variant: text,
      'variant-id': text,
    },
  ),
  'guest-get-host-name': record({ 'host-name': text }),
  'guest-network-get-interfaces': listOf(
    record(
      { name: text },
      {
        'hardware-address': text,
        'ip-addresses': listOf(
          record({ 'ip-address': text, 'ip-address-type': oneOf(['ipv4', 'ipv6']), prefix: integer }),
        ),
      },
    ),
  ),
  'guest-get-users': listOf(record({ user: text, 'login-time': number }, { domain: text })),
  'guest-get-timezone': record({ offset: integer }, { zone: text }),
  'guest-get-time': nanoseconds,
  'guest-set-time': nothing,
  'guest-exec': record({ pid: integer }),
  'guest-exec-status': record(
    { exited: flag },
    {
      exitcode: integer,
      signal: integer,
      'out-data': text,
      'err-data': text,
      'out-truncated': flag,
      'err-truncated': flag,
    },
  ),
  'guest-file-open': integer,
  'guest-file-read': record({ count: integer, 'buf-b64': text, eof: flag }),
  'guest-file-write': record({ count: integer, eof: flag }),
  'guest-file-close': nothing,
};

/** An answer as it came: the value of "return", and the text of the whole message. */
export interface AgentAnswer {
  value: unknown;
  message: string;
}

/** @throws AgentError of kind protocol when `answer` is not what `command` answers with */
export function readResult<C extends AgentCommand>(command: C, answer: AgentAnswer): AgentResult<C> {
  try {
    return resultShapes[command](answer.value, 'return', answer.message);
  } catch (error) {
    if (error instanceof ShapeError)
      throw new AgentError({ kind: 'protocol', command, detail: error.message });
    throw error;
  }
}
