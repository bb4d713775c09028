import {
  actionLabels,
  actions,
  goalOf,
  isSleepAction,
  type Action,
  type Fix,
  type Refusal,
  type SleepAction,
} from './actions';
import type { Standing } from './standing';
import { isEnded, stateLabels } from './states';

/** The guest agent's commands (QAPI: qga/qapi-schema.json). */
const agentCommandOf: Readonly<Record<SleepAction, string>> = {
  suspend: 'guest-suspend-ram',
  hibernate: 'guest-suspend-disk',
  hybrid: 'guest-suspend-hybrid',
};

/**
 * Whether `action` can be done now.
 * @returns null when it can, else why not and the remedy
 */
export function refusalOf(action: Action, standing: Standing): Refusal | null {
  switch (action) {
    case 'suspend':
    case 'hibernate':
    case 'hybrid':
      return stateRefusal(action, standing, ['running']) ?? sleepRefusal(action, standing);
    case 'wakeup':
      return stateRefusal(action, standing, ['suspended']);
    case 'pause':
      return stateRefusal(action, standing, ['running']);
    case 'resume':
      return stateRefusal(action, standing, ['paused']);
    case 'shutdown':
      return stateRefusal(action, standing, ['running']);
    case 'reboot':
      return stateRefusal(action, standing, ['running']) ?? rebootRefusal(standing);
    case 'reset':
      return stateRefusal(
        action,
        standing,
        standing.exists ? ['running', 'paused', 'crashed'] : ['running', 'paused'],
      );
    case 'poweroff':
      if (standing.exists) return controlRefusal(standing);
      return isUnseen(standing)
        ? (controlRefusal(standing) ?? unseenRefusal(standing))
        : wrongState(action, standing);
    case 'start':
      return startRefusal(standing);
    case 'save':
      return plainQemu(standing) ?? stateRefusal(action, standing, ['running', 'paused']);
    case 'discard':
      return plainQemu(standing) ?? stateRefusal(action, standing, ['saved']);
  }
}

/** Every action with its refusal, null for those that can be done now. */
export function allRefusals(standing: Standing): Record<Action, Refusal | null> {
  return Object.fromEntries(actions.map((action) => [action, refusalOf(action, standing)])) as Record<
    Action,
    Refusal | null
  >;
}

/** A duration goes only with a sleep. */
export function durationRefusal(action: Action): Refusal | null {
  if (isSleepAction(action)) return null;
  const message =
    action === 'wakeup'
      ? 'Wake takes no duration: a guest is woken at once.'
      : `${actionLabels[action]} takes no duration.`;
  return {
    code: 'duration-not-allowed',
    message,
    remedy: 'Give a duration to Sleep, Hibernate or Hybrid sleep: the guest is woken when it has passed.',
  };
}

const plainQemu = ({ manager }: Standing): Refusal | null =>
  manager === 'libvirt'
    ? null
    : {
        code: 'unsupported',
        message: 'Plain QEMU keeps no saved state.',
        remedy: 'Hibernate keeps the guest’s memory on its own disk instead.',
      };

function controlRefusal({ manager, control }: Standing): Refusal | null {
  switch (control.status) {
    case 'ready':
      return null;
    case 'connecting':
      return {
        code: 'no-control',
        message: manager === 'libvirt' ? 'The connection to libvirt is being made.' : 'The connection to its monitor is being made.',
        remedy: 'Try again in a moment.',
      };
    case 'unavailable':
      return { code: 'no-control', message: control.reason, remedy: control.remedy };
  }
}

function stateRefusal(
  action: Action,
  standing: Standing,
  wanted: readonly Standing['state'][],
): Refusal | null {
  if (standing.exists || standing.manager === 'libvirt') {
    const refusal = controlRefusal(standing);
    if (refusal) return refusal;
  }
  if (isUnseen(standing)) return unseenRefusal(standing);
  return wanted.includes(standing.state) ? null : wrongState(action, standing);
}

/** What it does now is not known: nothing may be done to it, and above all it must not be started a second time. */
const isUnseen = ({ state, exists }: Standing): boolean =>
  state === 'unknown' || (!exists && !isEnded(state));

const unseenRefusal = ({ detail }: Standing): Refusal => ({
  code: 'unknown-state',
  message: detail ?? 'Its state is not known.',
  remedy: 'Reveille looks again by itself; try again when it shows a state.',
});

/** What helps when an action does not fit the state. */
function wrongState(action: Action, { state, exists }: Standing): Refusal {
  const refusal = (message: string, remedy?: string): Refusal => ({
    code: 'wrong-state',
    message,
    ...(remedy ? { remedy } : {}),
  });
  const label = actionLabels[action];
  if (action === 'discard') return refusal('It has no saved state.', 'Save makes one.');
  switch (state) {
    case 'running':
      return action === 'wakeup'
        ? refusal('It is not sleeping: it is running.')
        : refusal('It is running already.');
    case 'suspended':
      if (action === 'pause')
        return refusal(
          'It is sleeping. A sleeping guest that is paused can no longer be woken.',
          'Wake it first.',
        );
      if (action === 'shutdown')
        return refusal(
          'It is sleeping, and a press of its power button would be lost.',
          'Wake it first, or force it off.',
        );
      if (action === 'reset')
        return refusal(
          'It is sleeping, and QEMU would leave it stopped after a reset.',
          'Wake it first, or force it off.',
        );
      if (action === 'save')
        return refusal(
          'It is sleeping. A sleeping guest that is saved comes back paused, and Wake no longer helps it.',
          'Wake it first.',
        );
      if (isSleepAction(action))
        return refusal('It is sleeping already.', action === 'suspend' ? undefined : 'Wake it first.');
      return refusal(
        'It is sleeping.',
        action === 'start' || action === 'resume' ? 'Wake brings it back.' : 'Wake it first.',
      );
    case 'hibernated':
      return refusal(
        action === 'wakeup'
          ? 'It is hibernated, not sleeping: it is off, and its memory is on disk.'
          : 'It is hibernated.',
        'Start resumes it where it was.',
      );
    case 'paused':
      return action === 'wakeup'
        ? refusal('It is not sleeping: the hypervisor has paused it.', 'Resume lets it run on.')
        : refusal(
            'It is paused, and a paused guest cannot answer.',
            action === 'pause' ? undefined : 'Resume it first.',
          );
    case 'saved':
      return refusal(
        action === 'save' ? 'Its state is saved already.' : 'Its state is saved.',
        'Start restores it; Discard saved state forgets it.',
      );
    case 'off':
      return action === 'wakeup'
        ? refusal('It is not sleeping: it is off.', 'Start it.')
        : refusal('It is off.', goalOf[action] === 'off' ? undefined : 'Start it first.');
    case 'crashed':
      return refusal('It has crashed.', exists ? 'Reset or force it off.' : 'Start it again.');
    case 'unknown':
      return refusal(`Its state is not known, so ${label} cannot be tried.`);
  }
}

function startRefusal(standing: Standing): Refusal | null {
  if (standing.manager === 'libvirt') return stateRefusal('start', standing, standing.exists ? [] : ['off', 'hibernated', 'saved', 'crashed']);
  if (standing.exists) return stateRefusal('start', standing, ['off', 'hibernated']);
  if (isUnseen(standing)) return unseenRefusal(standing);
  if (standing.start.kind === 'no') {
    return { code: 'no-start-command', message: standing.start.reason, remedy: standing.start.remedy };
  }
  return null;
}

function sleepRefusal(action: SleepAction, standing: Standing): Refusal | null {
  return machineRefusal(action, standing) ?? agentRefusal(action, standing);
}

/** A refusal whose remedy was applied already. */
const unlessMended = (refusal: Refusal, mended: readonly Fix[]): Refusal =>
  refusal.fix && mended.includes(refusal.fix)
    ? {
        code: refusal.code,
        message: refusal.message,
        remedy: 'Its definition was changed, which takes effect at its next start: shut it down, then start it.',
      }
    : refusal;

/**
 * What mends a sleep state that is switched off. Proxmox VE switches both off in machines of version 9.2+pve1 and later
 * (src/PVE/QemuServer/Machine.pm).
 */
function switchOn(state: 's3' | 's4', { manager, vmid }: Standing): Pick<Refusal, 'remedy' | 'fix'> {
  if (manager === 'libvirt')
    return { remedy: 'Enable it in its definition (<pm>); it takes effect at the next start.', fix: 'enable-sleep' };
  return {
    remedy:
      vmid === undefined
        ? `Add -global PIIX4_PM.disable_${state}=0 (q35: -global ICH9-LPC.disable_${state}=0) to its QEMU command; it takes effect at the next start.`
        : `Run qm set ${vmid} --machine TYPE,enable-${state}=1 on its host (TYPE is pc or q35); it takes effect at the next start.`,
  };
}

function machineRefusal(action: SleepAction, standing: Standing): Refusal | null {
  const { manager, sleep, mended } = standing;
  if (!sleep) {
    return {
      code: 'unknown-state',
      message: `${manager === 'libvirt' ? 'libvirt' : 'QEMU'} has not told yet whether this guest can sleep.`,
      remedy: 'Try again in a moment.',
    };
  }
  if (action !== 'hibernate') {
    if (sleep.tooOld) {
      return {
        code: 'qemu-too-old',
        message: `QEMU ${sleep.tooOld} cannot say whether a sleeping guest can be woken.`,
        remedy: 'Use QEMU 4.0 or later, or Hibernate.',
      };
    }
    if (sleep.s3 === false) {
      return unlessMended(
        {
          code: 's3-disabled',
          message: 'Sleep (S3) is switched off in this guest’s definition.',
          ...switchOn('s3', standing),
        },
        mended,
      );
    }
    if (sleep.wakeup === false) {
      return {
        code: 'cannot-wake',
        message: 'QEMU says that this machine cannot be woken from sleep.',
        remedy: 'Use a machine type with ACPI wake-up (pc, q35), or Hibernate.',
      };
    }
  }
  // libvirt asks for S3 only before a hybrid sleep (measured).
  if ((action === 'hibernate' || (action === 'hybrid' && manager === 'qemu')) && sleep.s4 === false) {
    return unlessMended(
      {
        code: 's4-disabled',
        message: 'Hibernate (S4) is switched off in this guest’s definition.',
        ...switchOn('s4', standing),
      },
      mended,
    );
  }
  return null;
}

type AgentStanding = Pick<Standing, 'manager' | 'agent' | 'mended'>;

function agentRefusal(action: SleepAction, { manager, agent, mended }: AgentStanding): Refusal | null {
  switch (agent.status) {
    case 'answering':
      return agent.disabled.includes(agentCommandOf[action])
        ? {
            code: 'agent-refused',
            message: `The guest agent’s settings block ${agentCommandOf[action]}.`,
            remedy:
              'Allow it in the guest (qemu-ga --allow-rpcs or --block-rpcs, often in /etc/sysconfig/qemu-ga), then restart the agent.',
          }
        : null;
    case 'absent':
      return unlessMended(
        {
        code: 'no-agent',
        message: 'This guest has no guest agent channel, and only the agent can put it to sleep.',
        ...(manager === 'libvirt'
          ? {
              remedy: 'Add the channel to its definition, and install qemu-guest-agent in the guest.',
              fix: 'add-agent-channel',
            }
          : {
              remedy:
                'Add a virtserialport named org.qemu.guest_agent.0 to its QEMU command and install qemu-guest-agent in the guest.',
            }),
        },
        mended,
      );
    case 'closed':
      return {
        code: 'no-agent',
        message: 'No guest agent runs in this guest.',
        remedy: 'Install and start qemu-guest-agent in the guest.',
      };
    case 'unreachable':
      return { code: 'no-agent', message: agent.reason, remedy: agent.remedy };
    case 'silent':
      return {
        code: 'agent-silent',
        message: 'The guest agent does not answer.',
        remedy: 'Restart qemu-guest-agent in the guest, then look again.',
      };
    case 'unknown':
      return {
        code: 'agent-silent',
        message: 'Whether a guest agent answers is not known yet.',
        remedy: 'Try again in a moment.',
      };
  }
}

/** libvirt restarts a guest without an agent by its power button (virDomainReboot). */
function rebootRefusal({ manager, agent }: Standing): Refusal | null {
  if (manager === 'libvirt') return null;
  if (agent.status === 'answering') {
    return agent.disabled.includes('guest-shutdown')
      ? {
          code: 'agent-refused',
          message: 'The guest agent’s settings block guest-shutdown, which restarts a guest in order, too.',
          remedy: 'Allow it in the guest. Reset restarts it without asking, like the reset button.',
        }
      : null;
  }
  return {
    code: 'no-agent',
    message: 'Only the guest agent can restart a guest in order, and it does not answer.',
    remedy: 'Start qemu-guest-agent in the guest. Reset restarts it without asking, like the reset button.',
  };
}

/** One sentence about the agent for the user. */
export function describeAgent({ state, ...standing }: AgentStanding & Pick<Standing, 'state'>): string {
  const { agent } = standing;
  if (agent.status === 'unknown') {
    return state === 'running'
      ? 'Being asked.'
      : `Not asked: the guest is ${stateLabels[state].toLowerCase()}.`;
  }
  if (agent.status === 'answering') return 'Answers.';
  return agentRefusal('suspend', standing)?.message ?? '';
}
