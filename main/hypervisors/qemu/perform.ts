import { RefusedError, type Action, type Refusal } from '../../power/actions';
import type { PowerStateName } from '../../power/states';
import { AgentError } from '../../protocols/guest-agent/errors';
import type { AgentSilentCommand, AgentSilentCommands } from '../../protocols/guest-agent/schema';
import { QmpError } from '../../protocols/qmp/errors';
import type { QmpCommand } from '../../protocols/qmp/schema';
import { DialError } from '../../protocols/sockets';
import type { Performed } from '../machine';
import type { AgentPort } from './agent-port';
import type { MonitorLink } from './link';

type Converse = MonitorLink['converse'];

interface Means {
  readonly converse: Converse;
  readonly agent: AgentPort;
  readonly state: PowerStateName;
}

/**
 * Asks QEMU or the guest agent for `action`. What comes of it is to be observed.
 * @throws RefusedError; NoMonitorError
 */
export async function perform(action: Action, { converse, agent, state }: Means): Promise<Performed> {
  switch (action) {
    case 'suspend':
      return askAgent(agent, 'guest-suspend-ram');
    case 'hibernate':
      return askAgent(agent, 'guest-suspend-disk');
    case 'hybrid':
      return askAgent(agent, 'guest-suspend-hybrid');
    case 'wakeup':
      return askQemu(converse, 'system_wakeup');
    case 'pause':
      return askQemu(converse, 'stop');
    case 'resume':
      return askQemu(converse, 'cont');
    case 'shutdown':
      return shutDown(converse, agent);
    case 'reboot':
      return askAgent(agent, 'guest-shutdown', { mode: 'reboot' });
    case 'poweroff':
      return askQemu(converse, 'quit');
    case 'reset':
      return state === 'running' ? askQemu(converse, 'system_reset') : askQemu(converse, 'system_reset', 'cont');
    case 'start':
      return askQemu(converse, 'system_reset', 'cont');
    case 'save':
    case 'discard':
      throw new RefusedError({ code: 'unsupported', message: 'Plain QEMU keeps no saved state.' });
  }
}

type Plain = Extract<
  QmpCommand,
  'system_wakeup' | 'system_powerdown' | 'system_reset' | 'stop' | 'cont' | 'quit'
>;

async function askQemu(converse: Converse, ...commands: Plain[]): Promise<Performed> {
  await converse(async (client) => {
    for (const command of commands) {
      try {
        await client.call(command);
      } catch (error) {
        // QEMU may be gone before it has answered quit: that is what was asked for.
        if (error instanceof QmpError && error.kind === 'closed' && command === 'quit') break;
        throw refusedByQemu(error);
      }
    }
  });
  return { refusal: null, by: `through QEMU’s monitor (${commands.join(', ')})`, end: () => undefined };
}

function refusedByQemu(error: unknown): unknown {
  if (!(error instanceof QmpError)) return error;
  if (error.kind === 'command') {
    return new RefusedError({
      code: 'hypervisor-refused',
      message: error.message,
      remedy: 'Look again: the guest may have changed its state meanwhile.',
    });
  }
  return new RefusedError({
    code: 'outcome-unknown',
    message: `Whether QEMU did it is not known. ${error.message}.`,
    remedy: 'Look at the state shown, which is asked for anew.',
  });
}

async function askAgent<C extends AgentSilentCommand>(
  port: AgentPort,
  command: C,
  args?: AgentSilentCommands[C],
): Promise<Performed> {
  try {
    const { value: sent, end } = await port.hold((agent) => agent.sendWithoutReply(command, args));
    return {
      refusal: sent.refusal.then((error) => refusedByAgent(command, error)),
      by: `through the guest agent (${command})`,
      end() {
        sent.cancel();
        end();
      },
    };
  } catch (error) {
    if (error instanceof AgentError || error instanceof DialError) {
      throw new RefusedError({
        code: 'agent-silent',
        message: error.message,
        remedy: 'Nothing was done. Restart qemu-guest-agent in the guest, then try again.',
      });
    }
    throw error;
  }
}

/** The guest's own words, with what to do about the ones that are known (qga/commands-posix.c, commands-win32.c). */
function refusedByAgent(command: string, error: AgentError): Refusal {
  const message = `The guest refused: ${error.failure.kind === 'command' ? error.failure.desc : error.message}`;
  const remedies: Readonly<Record<string, string>> = {
    'guest-suspend-ram':
      'The guest offers no S3. Look at /sys/power/state in a Linux guest (it must name “mem”), and that QEMU runs with disable_s3=0.',
    'guest-suspend-disk':
      'The guest offers no S4. A Linux guest needs a swap device as large as its memory and resume= on its kernel command line; Windows needs powercfg /hibernate on; QEMU must run with disable_s4=0.',
    'guest-suspend-hybrid':
      'The guest offers no hybrid sleep (Windows never does through the agent). Use Sleep or Hibernate.',
    'guest-shutdown': 'Look at the guest’s own log. Reset and Force off work without the agent.',
  };
  const remedy = remedies[command];
  return { code: 'agent-refused', message, ...(remedy ? { remedy } : {}) };
}

/** By the agent where it answers, else by the ACPI power button; also when the agent refuses afterwards. */
async function shutDown(converse: Converse, agent: AgentPort): Promise<Performed> {
  const { status } = agent;
  if (status.status === 'answering' && !status.disabled.includes('guest-shutdown')) {
    try {
      const asked = await askAgent(agent, 'guest-shutdown', { mode: 'powerdown' });
      return { ...asked, refusal: asked.refusal && unlessPressed(converse, asked.refusal) };
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
    }
  }
  const asked = await askQemu(converse, 'system_powerdown');
  return { ...asked, by: 'by the ACPI power button (system_powerdown)' };
}

/** Presses the power button when the agent refuses; resolves with its refusal only if that cannot be done either. */
const unlessPressed = (converse: Converse, refusal: Promise<Refusal>): Promise<Refusal> =>
  new Promise((resolve) => {
    void refusal.then((refused) => askQemu(converse, 'system_powerdown').catch(() => resolve(refused)));
  });
