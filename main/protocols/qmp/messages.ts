import { anything, flag, integer, record, ShapeError, text, type Shape } from '../shape';
import type { JsonObject } from '../json-messages';
import { versionInfo } from './results';
import type { QmpEvent, QmpEventName, QmpEvents } from './schema';

/** What QEMU can say after its greeting. */
export type QmpMessage =
  | { kind: 'event'; event: QmpEvent }
  | { kind: 'return'; id: unknown; value: unknown }
  | { kind: 'error'; id: unknown; errorClass: string; desc: string }
  | { kind: 'unknown' };

export interface QmpVersion {
  major: number;
  minor: number;
  micro: number;
  /** The distributor's name for its build; often empty. */
  package: string;
}

const nothing = record({});
const panic = record({ action: text }, { info: anything });
const cause: Shape<QmpEvents['SHUTDOWN']> = (value, where) => {
  const { guest, reason } = record({}, { guest: flag, reason: text })(value, where);
  return { guest: guest ?? null, reason: reason ?? null };
};

const eventShapes: { [N in QmpEventName]: Shape<QmpEvents[N]> } = {
  SHUTDOWN: cause,
  POWERDOWN: nothing,
  RESET: cause,
  STOP: nothing,
  RESUME: nothing,
  SUSPEND: nothing,
  SUSPEND_DISK: nothing,
  WAKEUP: nothing,
  WATCHDOG: record({ action: text }),
  GUEST_PANICKED: panic,
  GUEST_CRASHLOADED: panic,
  VSERPORT_CHANGE: record({ id: text, open: flag }),
  BLOCK_IO_ERROR: record({ device: text, operation: text, action: text, reason: text }, { nospace: flag }),
  RTC_CHANGE: record({ offset: integer }),
};

const isKnownEvent = (name: string): name is QmpEventName => Object.hasOwn(eventShapes, name);

/** The version that a greeting tells, or null when `message` is no greeting. */
export function readGreeting(message: JsonObject): QmpVersion | null {
  try {
    const { qemu, package: distributor } = record({ QMP: record({ version: versionInfo }) })(
      message,
      'greeting',
    ).QMP.version;
    return { ...qemu, package: distributor };
  } catch (error) {
    if (error instanceof ShapeError) return null;
    throw error;
  }
}

/** Sorts a message that came after the greeting. */
export function readMessage(message: JsonObject): QmpMessage {
  if (typeof message.event === 'string') return { kind: 'event', event: readEvent(message.event, message) };
  if (Object.hasOwn(message, 'return')) return { kind: 'return', id: message.id, value: message.return };
  if (Object.hasOwn(message, 'error')) {
    const { error } = message;
    if (typeof error !== 'object' || error === null) return { kind: 'unknown' };
    const { class: errorClass, desc } = error as JsonObject;
    if (typeof errorClass !== 'string' || typeof desc !== 'string') return { kind: 'unknown' };
    return { kind: 'error', id: message.id, errorClass, desc };
  }
  return { kind: 'unknown' };
}

function readEvent(name: string, message: JsonObject): QmpEvent {
  const at = readTimestamp(message.timestamp);
  if (!isKnownEvent(name)) return { known: false, name, data: message.data, at };
  try {
    // The two maps have the same keys, which the compiler cannot follow through an index.
    return { known: true, name, data: eventShapes[name](message.data ?? {}, name), at } as QmpEvent;
  } catch (error) {
    if (error instanceof ShapeError) return { known: false, name, data: message.data, at };
    throw error;
  }
}

/** docs/interop/qmp-spec: seconds and microseconds since the epoch; both -1 if QEMU has no time. */
function readTimestamp(value: unknown): number | null {
  if (typeof value !== 'object' || value === null) return null;
  const { seconds, microseconds } = value as JsonObject;
  if (typeof seconds !== 'number' || typeof microseconds !== 'number') return null;
  if (!Number.isSafeInteger(seconds) || seconds < 0 || !(microseconds >= 0)) return null;
  return seconds * 1000 + Math.floor(microseconds / 1000);
}
