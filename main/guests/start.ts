import { HostError, type Launched } from '../hosts/host';
import { actionLabels, type Refusal } from '../power/actions';
import { actorOf, byNobodyKnown } from '../power/actor';
import { stateLabels } from '../power/states';
import { hostLost, superseded, type Attempt } from './attempt';
import { bootIdOf } from './boot-ids';
import { verdictOf, type Verdict } from './confirm';
import type { Guest } from './guest';
import { observed } from './observe';
import { request } from './request';
import { settleAfterWake, silenceOf } from './settle';
import type { Workplace } from './workplace';

const failed = (message: string, remedy: string): Verdict => ({
  ok: false,
  refusal: { code: 'not-confirmed', message, remedy } satisfies Refusal,
});

/** Starts the guest, by its own command or by a reset of a QEMU that stayed, and tells a resume from a boot. */
export async function startGuest(attempt: Attempt, workplace: Workplace): Promise<Verdict> {
  const { guest } = attempt;
  const { bootId, hibernating } = guest.remembered;
  const resumes = guest.state.name === 'hibernated' || hibernating;
  const wasSaved = guest.state.name === 'saved';
  const { machine } = guest;
  const verdict = machine && (machine.exists || machine.persistent)
    ? await request(attempt, machine, workplace)
    : await startProcess(attempt, workplace);
  if (!verdict.ok) return verdict;
  if (resumes) return resumed(attempt, bootId, workplace);
  // Its clock stood still with it.
  if (wasSaved && guest.machine?.state.name === 'running') return settleAfterWake(attempt, guest.machine, workplace, workplace.limits.agentAfterWake);
  return verdict;
}

/** Waits between looks at a host that has just run a start command, in ms. */
const LOOK_AGAIN_MS = 500;

async function startProcess(attempt: Attempt, workplace: Workplace): Promise<Verdict> {
  const { guest, by } = attempt;
  const { recipe } = guest.remembered;
  if (!recipe) throw new Error('A start passed the rules without a command');
  const host = workplace.host(guest.hostId);
  let ended: Verdict | null = null;
  let changed = () => {};
  let launched: Launched;
  try {
    launched = await host.launch(recipe);
    guest.note({
      kind: 'action',
      text: `${actionLabels.start}: its command was run.`,
      actor: by,
      failed: false,
    });
    void launched.exited.then(({ code, signal, output }) => {
      const daemonized = recipe.daemonizes && code === 0;
      if (daemonized) return void workplace.rescan(guest.hostId);
      ended = failed(
        `Its start command ended (${endOf(code, signal)}).${output ? ` It said: ${output}` : ''}`,
        'Fix what it names, then start it again.',
      );
      changed();
    });
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    if (attempt.lostHost()) return hostLost('start');
    return failed(error.message, error.remedy);
  }
  await workplace.rescan(guest.hostId);
  const outcome = new AbortController();
  const isAwaited = () => !outcome.signal.aborted && !guest.machine?.exists;
  /** It may have become QEMU only after that. */
  const lookAgain = async () => {
    while (isAwaited()) {
      await new Promise<void>((resolve) => void workplace.clock.setTimer(LOOK_AGAIN_MS, resolve));
      if (isAwaited()) await workplace.rescan(guest.hostId);
    }
  };
  void lookAgain();
  const ms = workplace.limits.confirm.start;
  const verdict = await observed<Verdict>(
    {
      clock: workplace.clock,
      ms,
      subscribe(onChange) {
        changed = onChange;
        return guest.subscribe(onChange);
      },
    },
    () =>
      startVerdict(guest, recipe.startsPaused) ??
      ended ??
      (attempt.superseded() ? superseded : attempt.lostHost() ? hostLost('start') : null),
  );
  outcome.abort();
  if (!verdict) {
    const control = guest.machine?.control;
    const why = control?.status === 'unavailable' ? control.reason : 'No QEMU of this guest was found.';
    return failed(
      `It was started, but not seen running within ${ms / 1000} s. ${why}`,
      'Look at its QEMU process on the host.',
    );
  }
  if (verdict.ok) launched.confirmed();
  if (verdict.ok && guest.machine && guest.state.name === 'paused') {
    return request({ ...attempt, action: 'resume' }, guest.machine, workplace);
  }
  return verdict;
}

/** The status of a process that another computer runs may be lost. */
const endOf = (code: number | null, signal: string | null): string =>
  signal ?? (code === null ? 'how is not known' : `exit status ${code}`);

function startVerdict({ machine, state }: Guest, startsPaused: boolean): Verdict | null {
  if (!machine?.exists || machine.control.status !== 'ready') return null;
  if (startsPaused && state.name === 'paused') return { ok: true };
  return verdictOf('start', machine, { reset: false });
}

/** A kernel that resumes keeps its boot id; one that boots has a new one. */
async function resumed(attempt: Attempt, bootId: string | null, workplace: Workplace): Promise<Verdict> {
  const { guest } = attempt;
  const { machine } = guest;
  const limit = workplace.limits.agentAfterResume;
  guest.remember({ hibernating: false });
  if (!machine || !machine.hasAgentChannel) {
    guest.note({
      kind: 'state',
      text: 'Whether it resumed or booted is not known: it has no agent.',
      actor: byNobodyKnown,
      failed: false,
    });
    return { ok: true };
  }
  const silence = await silenceOf(attempt, machine, workplace, limit);
  if (silence === 'superseded') return superseded;
  if (silence === 'lost') return hostLost('start');
  if (silence === 'not-running') {
    return failed(
      `It was started, but is ${stateLabels[machine.state.name].toLowerCase()} now.`,
      'Look at the guest’s own log.',
    );
  }
  if (silence) {
    return failed(
      `It was started, but its agent did not answer within ${limit / 1000} s, so whether it resumed is not known.`,
      'Look at the guest’s screen.',
    );
  }
  const now = await bootIdOf(machine);
  if (attempt.lostHost()) return hostLost('start');
  if (bootId === null || now === null) {
    guest.note({
      kind: 'state',
      text: 'Whether it resumed or booted is not known: it tells no boot id.',
      actor: byNobodyKnown,
      failed: false,
    });
  } else if (now !== bootId) {
    guest.remember({ bootId: now });
    return failed(
      'It booted anew instead of resuming: what it had in memory is lost.',
      'Its memory image could not be loaded. A Linux guest needs swap as large as its memory, resume= on its kernel command line, and enough memory to load the image.',
    );
  } else {
    guest.note({ kind: 'state', text: 'It resumed where it was.', actor: actorOf(guest.state.cause), failed: false });
  }
  return settleAfterWake(attempt, machine, workplace, workplace.limits.agentAfterWake);
}
