import type { Clock } from '../../main/clock';
import {
  encode,
  faithfulBehaviour,
  type Behaviour,
  type Outgoing,
  type Wire,
} from '../../main/demo/behaviour';
import { NO_REPLY, refuse, type Command, type CommandTable } from '../../main/demo/commands';
import {
  startSimulatedQemu,
  type SimulatedQemu,
  type SimulatedQemuOptions,
} from '../../main/demo/simulated-qemu';
import type { MachineSettings } from '../../main/demo/simulation';

/** Makes one thing about a QEMU go wrong: takes its behaviour so far, and returns it changed. */
export type Fault = (before: Behaviour, context: { clock: Clock }) => Behaviour;

/** A simulated QEMU with `faults`, the last one nearest to the client. */
export function startFaultyQemu(options: SimulatedQemuOptions, ...faults: Fault[]): Promise<SimulatedQemu> {
  const behaviour = faults.reduce(
    (before, fault) => fault(before, options),
    options.behaviour ?? faithfulBehaviour,
  );
  return startSimulatedQemu({ ...options, behaviour });
}

/** Messages on their way to the client: an event by its name, answers (to one command), the greeting. */
export type Which = { event: string } | { answers: 'qmp' | 'agent'; command?: string } | { greeting: true };

function matches(message: Outgoing, which: Which): boolean {
  if ('event' in which) return message.kind === 'event' && message.name === which.event;
  if ('answers' in which) {
    return (
      message.kind === 'reply' &&
      message.channel === which.answers &&
      (which.command === undefined || message.command === which.command)
    );
  }
  return message.kind === 'greeting';
}

const sending =
  (change: (message: Outgoing, wire: Wire, send: Behaviour['send'], clock: Clock) => void): Fault =>
  (before, { clock }) => ({ ...before, send: (message, wire) => change(message, wire, before.send, clock) });

const without = <T>(table: CommandTable<T>, ...names: string[]): CommandTable<T> =>
  Object.fromEntries(Object.entries(table).filter(([name]) => !names.includes(name)));

const overridden = <T>(
  table: CommandTable<T>,
  name: string,
  run: (original: Command<T>, ...args: Parameters<Command<T>['run']>) => ReturnType<Command<T>['run']>,
): CommandTable<T> => {
  const original = table[name];
  if (!original) throw new Error(`There is no command ${name} to make faulty`);
  return { ...table, [name]: { ...original, run: (target, args) => run(original, target, args) } };
};

// On the wire

/** Accepts the connection and says nothing, as a monitor does whose QEMU hangs. */
export const neverGreets = (): Fault =>
  sending((message, wire, send) => {
    if (message.kind !== 'greeting') send(message, wire);
  });

/** After `bytes` bytes to one client of QMP, `garbage` stands in the stream. */
export const garbageAfter = (bytes: number, garbage = '\u0000\u0001garbage}]"\r\n'): Fault => {
  const sent = new Map<number, number>();
  return sending((message, wire, send) => {
    if (message.channel !== 'qmp') return send(message, wire);
    const before = sent.get(wire.session) ?? 0;
    const whole = encode(message);
    sent.set(wire.session, before + whole.length);
    if (before > bytes || before + whole.length <= bytes) return send(message, wire);
    const cut = bytes - before;
    wire.write(Buffer.concat([whole.subarray(0, cut), Buffer.from(garbage), whole.subarray(cut)]));
  });
};

/** Drops the connection in place of the matching message; `after` of them come through first. */
export const dropsConnectionAt = (which: Which, after = 0): Fault => {
  let seen = 0;
  return sending((message, wire, send) => {
    if (!matches(message, which)) return send(message, wire);
    seen += 1;
    if (seen > after) wire.destroy();
    else send(message, wire);
  });
};

/** Every byte of a matching message comes by itself, `gapMs` after the one before. */
export const trickles = (which: Which, gapMs: number): Fault =>
  sending((message, wire, send, clock) => {
    if (!matches(message, which)) return send(message, wire);
    encode(message).forEach((byte, index) =>
      clock.setTimer(index * gapMs, () => wire.write(Uint8Array.of(byte))),
    );
  });

/** Matching messages come `ms` milliseconds late; others overtake them. */
export const delays = (which: Which, ms: number): Fault =>
  sending((message, wire, send, clock) => {
    if (matches(message, which)) clock.setTimer(ms, () => send(message, wire));
    else send(message, wire);
  });

/** Matching messages are lost. */
export const loses = (which: Which): Fault =>
  sending((message, wire, send) => {
    if (!matches(message, which)) send(message, wire);
  });

/** Writes `text` as it is in place of a matching message, for the first `times` of them. */
export const says = (which: Which, text: string | Uint8Array, times = Infinity): Fault => {
  let said = 0;
  return sending((message, wire, send) => {
    if (!matches(message, which) || said >= times) return send(message, wire);
    said += 1;
    wire.write(Buffer.from(text));
  });
};

/**
 * The first `count` answers of the agent stay in its channel and come out right before the next one, be it
 * to the same client or to another: stale answers, as after a time-out.
 */
export const agentAnswersLate = (count: number): Fault => {
  const held: Buffer[] = [];
  let heldSoFar = 0;
  return sending((message, wire, send) => {
    if (message.channel === 'agent' && heldSoFar < count) {
      heldSoFar += 1;
      held.push(encode(message));
      return;
    }
    if (message.channel === 'agent') for (const bytes of held.splice(0)) wire.write(bytes);
    send(message, wire);
  });
};

// In QEMU

/** A QEMU that does not know these commands. */
export const lacksQmpCommands =
  (...names: string[]): Fault =>
  (before) => ({ ...before, qmp: without(before.qmp, ...names) });

/** QEMU 3.1: nobody can ask whether the machine wakes, and system_wakeup succeeds whatever the guest does. */
export const oldQemu = (): Fault => (before, context) => {
  const lacking = lacksQmpCommands('query-current-machine')(before, context);
  return {
    ...lacking,
    qmp: overridden(lacking.qmp, 'system_wakeup', (original, machine, args) => {
      original.run(machine, args);
      return { kind: 'value', value: {} };
    }),
  };
};

/** system_wakeup answers success, and the guest sleeps on: its wake reason is masked. */
export const masksWakeups = (): Fault => (before) => ({
  ...before,
  qmp: overridden(before.qmp, 'system_wakeup', () => ({ kind: 'value', value: {} })),
});

/** QMP refuses `name` with this text. */
export const qmpRefuses =
  (name: string, desc: string, errorClass?: string): Fault =>
  (before) => ({ ...before, qmp: overridden(before.qmp, name, () => refuse(desc, errorClass)) });

/** The event happens, and QEMU tells nobody. */
export const keepsSecret =
  (event: string): Fault =>
  (before) => ({ ...before, event: (happened) => (happened.name === event ? null : before.event(happened)) });

// In the guest

/** The agent takes `name` without an answer and does nothing; the first `works` times it still works. */
export const agentIgnores =
  (name: string, works = 0): Fault =>
  (before) => {
    let calls = 0;
    return {
      ...before,
      agent: overridden(before.agent, name, (original, target, args) => {
        calls += 1;
        return calls > works ? NO_REPLY : original.run(target, args);
      }),
    };
  };

/** A q35 guest: it sleeps once, and takes the second request without doing anything. */
export const sleepsOnlyOnce = (): Fault => agentIgnores('guest-suspend-ram', 1);

/** The agent refuses `name` with this text. */
export const agentRefuses =
  (name: string, desc: string): Fault =>
  (before) => ({ ...before, agent: overridden(before.agent, name, () => refuse(desc)) });

/** The guest's administrator has blocked these commands. */
export const agentBlocks =
  (...names: string[]): Fault =>
  (before) => ({
    ...before,
    agent: Object.fromEntries(
      Object.entries(before.agent).map(([name, command]) => [
        name,
        names.includes(name) ? { ...command, enabled: false } : command,
      ]),
    ),
  });

/** The guest wakes, and its agent never answers again. */
export const agentDiesAtWakeup = (): Fault => (before) => {
  let dead = false;
  return {
    ...before,
    event(event) {
      if (event.name === 'WAKEUP') dead = true;
      return before.event(event);
    },
    send(message, wire) {
      if (!dead || message.channel !== 'agent') before.send(message, wire);
    },
  };
};

/** The hibernation image does not load: the guest boots cold, without a word. */
export const bootsCold = (): Fault => (before) => ({ ...before, resumesImage: () => false });

/** Neither the power button nor guest-shutdown moves the guest. */
export const ignoresShutdown = (): Fault => (before, context) => ({
  ...agentIgnores('guest-shutdown')(before, context),
  powerButton: () => undefined,
});

/** Texts that a guest may put into its names to do harm where they are shown. */
export const HOSTILE_TEXTS = {
  markup: '<img src=x onerror="window.pwned=1">',
  script: '</script><script>window.pwned=1</script>',
  rightToLeft: 'nas\u202Egnp.exe',
  newlines: 'nas\nRunning\r\n0 alarms\u2028end',
  controls: '\u001b[2J\u0007\u0000nas',
  combining: `n${'\u0301'.repeat(500)}as`,
  loneSurrogate: 'nas\ud800',
  huge: 'x'.repeat(100_000),
} as const;

/** Settings of a guest that says `text` wherever it can. */
export const hostileSettings = (
  text: string,
): Pick<MachineSettings, 'name' | 'hostName' | 'os' | 'interfaces' | 'users'> => ({
  name: text,
  hostName: text,
  os: { id: text, name: text, 'pretty-name': text, version: text, 'kernel-release': text, machine: text },
  interfaces: [{ name: text, mac: text, addresses: [{ address: text, prefix: 24 }] }],
  users: [{ user: text, loginTime: 0 }],
});
