import type { Clock } from '../clock';
import type { AgentStatus } from '../power/standing';
import type { AgentCalls } from '../protocols/guest-agent/client';
import { AgentError } from '../protocols/guest-agent/errors';
import { factOf, messageOf } from './agent-facts';
import { byExec, byFiles, type GuestText } from './guest-text';
import type { Machine, WakeClock } from './machine';

/** Linux: Documentation/admin-guide/rtc.rst; drivers/rtc/sysfs.c wakealarm_store, since_epoch_show. */
const WAKE_ALARM = '/sys/class/rtc/rtc0/wakealarm';
const RTC_NOW = '/sys/class/rtc/rtc0/since_epoch';
/** How far what is read back may be from what was asked for: the RTC ticks in whole seconds. */
const SLACK_MS = 3000;

const FILES = ['guest-file-open', 'guest-file-read', 'guest-file-write', 'guest-file-close'];
const EXEC = ['guest-exec', 'guest-exec-status'];

interface AgentAccess {
  talk<T>(work: (agent: AgentCalls) => Promise<T>): Promise<T>;
  status(): AgentStatus;
  readonly clock: Clock;
}

/** What a machine offers of its guest's clock, through the agent. */
export function wakeClockBy({
  talk,
  status,
  clock,
}: AgentAccess): Pick<Machine, 'wakeClock' | 'setWakeAlarm' | 'clearWakeAlarm' | 'signedInUsers'> {
  const disabled = () => {
    const now = status();
    return now.status === 'answering' ? now.disabled : [];
  };
  return {
    async wakeClock() {
      const now = status();
      if (now.status !== 'answering') return noAgent;
      try {
        return await talk((agent) => readWakeClock(agent, now.disabled, clock));
      } catch (error) {
        return { missing: messageOf(error), remedy: 'Try again in a moment.' };
      }
    },
    setWakeAlarm: (seconds) => talk((agent) => setWakeAlarm(agent, disabled(), seconds, clock)),
    clearWakeAlarm: () => talk((agent) => clearWakeAlarm(agent, disabled(), clock)),
    signedInUsers: () => factOf(talk(readSignedInUsers)),
  };
}

const noAgent: WakeClock = {
  missing: 'Its guest agent does not answer.',
  remedy: 'Install and start qemu-guest-agent in the guest.',
};

/** Whether the guest's own clock can be told to wake it. @throws AgentError when it does not answer */
async function readWakeClock(agent: AgentCalls, disabled: readonly string[], clock: Clock): Promise<WakeClock> {
  const ways = waysIn(agent, disabled, clock);
  if (ways.length === 0) {
    return {
      missing: 'Its guest agent is not allowed to write files or to run programs, so its clock cannot be set.',
      remedy: 'Allow guest-file-open, guest-file-read, guest-file-write and guest-file-close in the agent’s configuration.',
    };
  }
  try {
    if (await isWindows(agent)) {
      return { missing: 'Windows guests are not supported here: their agent gives no way to set the clock’s alarm.' };
    }
    await firstThatWorks(ways, (text) => text.read(WAKE_ALARM));
    return { value: 'rtc' };
  } catch (error) {
    if (!(error instanceof AgentError) || error.kind !== 'command') throw error;
    if (!/permission denied|not permitted/i.test(error.message)) {
      return { missing: `It has no clock that can be set to wake it (${WAKE_ALARM}).` };
    }
    return {
      missing: `Its guest agent may not reach the alarm of its clock (${WAKE_ALARM}).`,
      remedy: 'Allow it in the guest, where SELinux or AppArmor may confine the agent.',
    };
  }
}

/**
 * Has the guest's clock wake it in `seconds`, in the place of any alarm it had.
 * @returns when by this computer's clock in ms, as read back from the guest
 * @throws AgentError, or Error when what is read back is something else
 */
function setWakeAlarm(agent: AgentCalls, disabled: readonly string[], seconds: number, clock: Clock): Promise<{ at: number }> {
  return firstThatWorks(waysIn(agent, disabled, clock), async (text) => {
    // The kernel refuses to set an alarm over another one.
    await text.write(WAKE_ALARM, '0');
    await text.write(WAKE_ALARM, `+${seconds}`);
    const due = clock.now() + seconds * 1000;
    const [alarm, now] = [numberIn(await text.read(WAKE_ALARM)), numberIn(await text.read(RTC_NOW))];
    if (alarm === null || now === null) throw new Error('The guest’s clock did not keep the alarm that it was given.');
    const at = clock.now() + (alarm - now) * 1000;
    if (Math.abs(at - due) > SLACK_MS) {
      throw new Error(`The guest’s clock was set to wake it in ${seconds} s, and says ${alarm - now} s.`);
    }
    return { at };
  });
}

/** The guest's clock wakes it no more. @throws AgentError */
const clearWakeAlarm = (agent: AgentCalls, disabled: readonly string[], clock: Clock): Promise<void> =>
  firstThatWorks(waysIn(agent, disabled, clock), (text) => text.write(WAKE_ALARM, '0'));

function waysIn(agent: AgentCalls, disabled: readonly string[], clock: Clock): GuestText[] {
  const offers = (commands: readonly string[]) => commands.every((name) => !disabled.includes(name));
  return [...(offers(FILES) ? [byFiles(agent)] : []), ...(offers(EXEC) ? [byExec(agent, clock)] : [])];
}

/** What one way refuses another may be allowed: a guest may confine its agent. */
async function firstThatWorks<T>(ways: readonly GuestText[], use: (text: GuestText) => Promise<T>): Promise<T> {
  let refused: unknown = new Error('Its guest agent is not allowed to write files or to run programs.');
  for (const way of ways) {
    try {
      return await use(way);
    } catch (error) {
      if (!(error instanceof AgentError) || error.kind !== 'command') throw error;
      refused = error;
    }
  }
  throw refused;
}

/** Source: qga/commands-win32.c qmp_guest_get_osinfo. Agents before 2.10 do not tell. */
async function isWindows(agent: AgentCalls): Promise<boolean> {
  try {
    return (await agent.call('guest-get-osinfo')).id === 'mswindows';
  } catch (error) {
    if (error instanceof AgentError && error.kind === 'command') return false;
    throw error;
  }
}

const numberIn = (text: string): number | null => (/^\d+\s*$/.test(text) ? Number.parseInt(text, 10) : null);

/** Who is signed in, each once. Source: qga/qapi-schema.json guest-get-users. @throws AgentError */
async function readSignedInUsers(agent: AgentCalls): Promise<string[]> {
  const users = await agent.call('guest-get-users');
  return [...new Set(users.map(({ user }) => user))];
}
