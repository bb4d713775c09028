import type { Guest } from '../guests/guest';
import { HostError } from '../hosts/host';
import type { SeenState } from '../history/entry';
import type { PowerSurvey, SleepMeans, SleepOrder } from '../hosts/power';
import type { LinkState } from '../hosts/ssh/link';
import { RefusedError, type Refusal } from '../power/actions';
import { byNobodyKnown, causeOf, type Actor } from '../power/actor';
import { clockText } from '../power/local-time';
import { StorageError } from '../storage/errors';
import { goToSleep } from './going';
import { guestsToSettle } from './guests-first';
import { createKnowledge } from './knowledge';
import type { PowerStage, Sleeper, SleeperOptions, SleepRequest } from './model';
import { MIN_HOST_SLEEP_MS, offersOf } from './offers';
import type { HostSleep } from './records';
import { listed, macsOf, meansText, noCard, returnOf } from './texts';
import { beginWaking } from './waking';

/** How long a host that took the command may stay connected, in ms. libvirt waits 10 s by itself. */
const FALL_MS: Readonly<Record<SleepMeans, number>> = { rtcwake: 90_000, systemctl: 90_000, libvirt: 100_000 };
/** How long the link rests after a host fell asleep, and from then on, in ms: a try may wake it. */
const FIRST_REST_MS = 60_000;
const REST_MS = 15 * 60_000;
/** While it wakes. */
const WAKING_TRY_MS = 2000;
/** How long its clock may take to bring it back before packets help, in ms. */
const GRACE_MS = 20_000;
const LONGEST_WAIT_MS = 30_000;
export function createSleeper(options: SleeperOptions): Sleeper {
  const { clock, host, guests, setPowerState, keep, tell, note, onChange, onProblem, onFault } = options;
  let sleep: HostSleep | null = options.before?.sleep ?? null;
  let waking: { readonly by: Actor; readonly since: number; readonly end: () => void } | null = null;
  /** What is done before the command, for the user. */
  let preparing: { readonly since: number; step: string } | null = null;
  let awakeSince: number | null = null;
  let askedBy: Actor = byNobodyKnown;
  let cancelLook = () => {};
  let cancelFall = () => {};
  let stopped = false;

  const name = () => host()?.name ?? 'The host';
  const isReady = () => host()?.link.state.kind === 'ready';
  const known = createKnowledge({
    clock,
    host,
    network: options.before?.network ?? null,
    onLearnt({ network }) {
      if (network) save();
      onChange();
    },
  });
  const save = () => void keep({ sleep, network: known.network }).then(() => onProblem(undefined), onProblem);

  const seenAs = ({ kind }: LinkState): SeenState => {
    if (kind === 'ready') return { name: 'running', source: 'query', cause: 'unknown' };
    if (sleep && sleep.phase !== 'begun') return { name: 'suspended', source: 'inference', cause: causeOf(askedBy) };
    return { name: 'unknown', source: 'inference', cause: 'unknown' };
  };

  const stage = (): PowerStage => {
    if (waking) return 'waking';
    if (sleep?.phase === 'asleep') return 'asleep';
    return preparing || sleep ? 'falling-asleep' : 'awake';
  };

  const become = (next: HostSleep | null) => {
    sleep = next;
    cancelFall();
    save();
    look();
    onChange();
  };

  const look = () => {
    cancelLook();
    if (stopped || sleep?.phase !== 'asleep' || sleep.wakesAt === null) return;
    const left = sleep.wakesAt - clock.now();
    if (left <= 0 && !waking && host()?.link.state.kind !== 'offline') return beginToWake({ kind: 'alarm', holder: 'host' }, known.network?.cards.length ? GRACE_MS : null);
    cancelLook = clock.setTimer(Math.max(1000, Math.min(left, LONGEST_WAIT_MS)), look);
  };

  const beginToWake = (by: Actor, packetsIn: number | null) => {
    waking?.end();
    waking = {
      by,
      since: clock.now(),
      end: beginWaking({
        clock,
        packetsIn,
        send: () => (known.network ? options.sendWake(known.network) : Promise.resolve()),
        onGivenUp: (fault) => notWoken(by, packetsIn !== null, fault),
      }),
    };
    onChange();
    host()?.link.connectNow();
  };

  const notWoken = (by: Actor, hasSent: boolean, fault: unknown) => {
    waking = null;
    const title = by.kind === 'alarm' ? `${name()} is not there at its wake time` : `${name()} did not wake`;
    const sent = hasSent ? ` Wake-on-LAN was sent to ${macsOf(known.network)}.` : '';
    const why = fault instanceof Error ? ` The last packets could not be sent: ${fault.message}.` : '';
    const message = `It could not be reached for 3 min.${sent}${why}`;
    failed(title, {
      message,
      remedy: `Press its power button. Wake-on-LAN must be switched on in its firmware and on its card (sudo ethtool -s ${known.network?.cards[0]?.name ?? 'eth0'} wol g), and works within one network.`,
    });
    if (sleep?.wakesAt != null && sleep.wakesAt <= clock.now()) become({ ...sleep, wakesAt: null });
    onChange();
  };

  const failed = (title: string, { message, remedy }: Pick<Refusal, 'message' | 'remedy'>) => {
    note({ kind: 'error', text: `${title}. ${message}`, actor: byNobodyKnown, failed: true });
    tell({ severity: 'error', title, message, ...(remedy ? { remedy } : {}) });
    options.onEvent({ kind: 'failed', title, text: message });
  };

  const cameBack = async () => {
    const [left, woken] = [sleep, waking];
    waking?.end();
    waking = null;
    awakeSince = clock.now();
    become(null);
    options.onReturn();
    const told = await known.learn();
    // It was only not connected to.
    if (!left && !woken) return;
    tellReturn(left, woken?.by ?? null, told);
  };

  const tellReturn = (left: HostSleep | null, by: Actor | null, told: PowerSurvey | null) => {
    const how = left ? returnOf(left, told) : 'slept';
    if (how === 'did-not-sleep') {
      return failed(`${name()} did not sleep`, {
        message: 'It took the command and was out of reach, but its kernel counts no sleep since.',
        remedy: 'Look at its journal (journalctl -b): something there refused to sleep.',
      });
    }
    const atItsTime = left?.wakesAt != null && clock.now() >= left.wakesAt;
    const actor = by ?? (atItsTime ? ({ kind: 'alarm', holder: 'host' } as const) : byNobodyKnown);
    const text =
      how === 'restarted'
        ? 'Reached again. It was started anew meanwhile, so it did not wake from this sleep.'
        : actor.kind === 'user'
          ? 'Awake: reached after Wake-on-LAN was sent.'
          : atItsTime
            ? 'Awake: its clock was to wake it.'
            : 'Awake before its time: Reveille did not wake it.';
    note({ kind: 'state', text, actor, failed: false });
    options.onEvent({ kind: 'woken', title: `${name()} is awake`, text });
  };

  const fellAsleep = (accepted: HostSleep) => {
    become({ ...accepted, phase: 'asleep', since: clock.now() });
    const until = accepted.wakesAt === null ? 'until it is woken' : `until ${clockText(accepted.wakesAt, clock.now())}`;
    note({
      kind: 'state',
      text: `Asleep ${until}: concluded, since it took the command and its connection went away.`,
      actor: byNobodyKnown,
      failed: false,
    });
  };

  /** The command came to an end, and the host is connected to. */
  const returned = async (accepted: HostSleep, { code, said }: Awaited<SleepOrder['ended']>) => {
    if (sleep !== accepted || !isReady()) return;
    if (code !== 0) return giveUp({ message: `Its command failed: ${said || `it ended with ${code}`}.`, remedy: 'Mend that on the host, and try again.' }, []);
    become(null);
    awakeSince = clock.now();
    tellReturn(accepted, null, await known.learn());
  };

  const stayedAwake = (accepted: HostSleep) => {
    if (sleep !== accepted) return;
    const hint = accepted.means === 'libvirt' ? ' libvirt tells only its own log why (journalctl -u libvirtd).' : '';
    giveUp({ message: `It took the command (${meansText[accepted.means]}), but stayed connected.`, remedy: `Look at its journal, and try again.${hint}` }, []);
  };

  const giveUp = ({ message, remedy }: Pick<Refusal, 'message' | 'remedy'>, settled: readonly Guest[]) => {
    preparing = null;
    become(null);
    const names = settled.map((guest) => guest.remembered.name);
    const done = names.length > 0 ? ` What was done to ${listed(names)} before stays.` : '';
    failed(`${name()} was not put to sleep`, { message: `${message}${done}`, ...(remedy ? { remedy } : {}) });
  };

  const carryOut = async (begun: HostSleep, { first, by }: SleepRequest, survey: PowerSurvey) => {
    const onStep = (step: string) => {
      if (preparing) preparing.step = step;
      onChange();
    };
    const gone = await goToSleep({ clock, host, setPowerState, guests, first, by, sleep: begun, survey, onStep, stopped: () => stopped });
    switch (gone.kind) {
      case 'stopped':
        return;
      case 'given-up':
        return giveUp(gone.why, gone.settled);
      case 'accepted':
        return accept({ ...begun, phase: 'accepted', since: clock.now() }, gone.order, by);
      case 'unknown':
        preparing = null;
        become(null);
        note({ kind: 'error', text: `Whether it sleeps is not known. ${gone.message}.`, actor: byNobodyKnown, failed: true });
        return tell({
          severity: 'warning',
          title: `Whether ${name()} sleeps is not known`,
          message: `${gone.message}.`,
          remedy: 'Reveille connects again by itself. If it sleeps, Wake sends it Wake-on-LAN.',
        });
    }
  };

  const accept = (accepted: HostSleep, order: SleepOrder, by: Actor) => {
    preparing = null;
    become(accepted);
    askedBy = by;
    const until = accepted.wakesAt === null ? '' : `, until ${clockText(accepted.wakesAt, clock.now())}`;
    note({ kind: 'action', text: `Put to sleep ${meansText[accepted.means]}${until}: it took the command.`, actor: by, failed: false });
    warnOfAlarms(accepted.wakesAt);
    if (!isReady()) return fellAsleep(accepted);
    cancelFall = clock.setTimer(FALL_MS[accepted.means], () => stayedAwake(accepted));
    if (accepted.means === 'rtcwake') order.ended.then((end) => returned(accepted, end)).catch(onFault);
  };

  const warnOfAlarms = (wakesAt: number | null) => {
    const late = options.alarms().flatMap(({ name, due }) => (due < (wakesAt ?? Infinity) ? [`${name} (${clockText(due, clock.now())})`] : []));
    if (late.length === 0) return;
    tell({
      severity: 'warning',
      title: `Alarms come due while ${name()} sleeps`,
      message: `${listed(late)}: woken when ${name()} is awake again.`,
      remedy: `Wake ${name()} before, or have it sleep until an earlier time.`,
    });
  };

  const fault = (error: unknown) =>
    giveUp({ message: `Reveille met a fault of its own: ${error instanceof Error ? error.message : String(error)}`, remedy: 'If it happens again, report it.' }, []);

  return {
    start() {
      if (sleep?.phase === 'begun') {
        note({ kind: 'error', text: 'Reveille ended while it put the host to sleep. Whether it was asked is not known.', actor: byNobodyKnown, failed: true });
        become(null);
      }
      look();
    },
    get stage() {
      return stage();
    },
    get since() {
      return waking?.since ?? preparing?.since ?? sleep?.since ?? awakeSince;
    },
    get wakesAt() {
      return sleep?.wakesAt ?? null;
    },
    get detail() {
      if (waking) return waking.by.kind === 'alarm' ? 'Its wake time has come; it is being connected to.' : `Wake-on-LAN is sent to ${macsOf(known.network)}.`;
      if (preparing) return preparing.step;
      switch (sleep?.phase) {
        case 'accepted':
          return `It took the command (${meansText[sleep.means]}). It counts as asleep when its connection goes away.`;
        case 'asleep':
          return 'Concluded: it took the command, and its connection went away. Reveille looks now and then.';
        default:
          return null;
      }
    },
    get survey() {
      return known.survey;
    },
    get network() {
      return known.network;
    },
    async sleep(request) {
      if (stage() !== 'awake') {
        throw new RefusedError({ code: 'busy', message: stage() === 'asleep' ? 'It sleeps already.' : 'It is falling asleep or waking.', remedy: 'Wait a moment.' });
      }
      if (!isReady()) throw new RefusedError({ code: 'no-control', message: 'It is not connected.', remedy: 'Connect it first.' });
      const { when, first } = request;
      const now = clock.now();
      const due = when.kind === 'none' ? null : when.kind === 'for' ? now + when.ms : when.at;
      if (due !== null && due - now < MIN_HOST_SLEEP_MS) {
        throw new RefusedError({ code: 'bad-duration', message: 'A host has to sleep for at least 1 min.', remedy: 'Give a longer time, or none.' });
      }
      preparing = { since: now, step: 'What it offers is being looked at.' };
      onChange();
      try {
        const told = await known.ask(true);
        const { timed, untimed } = offersOf(told);
        const offer = due === null ? untimed : timed;
        if (!('means' in offer)) throw new RefusedError({ code: 'unsupported', message: offer.reason, remedy: offer.remedy });
        // Before anything is done to any of them.
        guestsToSettle(first, guests());
        const begun: HostSleep = { phase: 'begun', means: offer.means, since: now, wakesAt: due, bootId: told.bootId, slept: told.slept };
        await keep({ sleep: begun, network: known.network });
        if (stopped) throw new RefusedError({ code: 'busy', message: 'Reveille is closing.' });
        sleep = begun;
        carryOut(begun, request, told).catch(fault);
      } catch (error) {
        preparing = null;
        onChange();
        if (error instanceof HostError) throw new RefusedError({ code: 'no-control', message: error.message, remedy: error.remedy });
        if (error instanceof StorageError)
          throw new RefusedError({ code: 'storage', message: 'Its sleep could not be kept on disk, so it was not put to sleep.', remedy: error.message });
        throw error;
      }
    },
    wake(by) {
      const { kind } = host()?.link.state ?? { kind: 'offline' as const };
      if (kind === 'ready') throw new RefusedError({ code: 'wrong-state', message: stage() === 'awake' ? 'It is awake.' : 'It is still connected.' });
      if (kind === 'offline') throw new RefusedError({ code: 'wrong-state', message: 'This host is switched off in Reveille.', remedy: 'Enable it.' });
      if (!known.network?.cards.length) throw new RefusedError({ code: 'unsupported', ...noCard });
      note({ kind: 'action', text: `Wake-on-LAN is sent to ${macsOf(known.network)}.`, actor: by, failed: false });
      beginToWake(by, 0);
    },
    linkBecame(state) {
      if (state.kind !== 'connecting') options.seen(seenAs(state));
      switch (state.kind) {
        case 'ready':
          if (waking || sleep?.phase === 'accepted' || sleep?.phase === 'asleep') void cameBack().catch(onFault);
          else void known.learn().catch(onFault);
          return;
        case 'backoff':
          if (sleep?.phase === 'accepted') fellAsleep(sleep);
          return;
        case 'offline':
        case 'connecting':
        case 'blocked':
          return;
      }
    },
    listChanged() {
      if (isReady()) known.lookForLibvirt().catch(onFault);
    },
    retryIn() {
      if (waking) return WAKING_TRY_MS;
      if (!sleep || sleep.phase === 'begun') return null;
      const rest = clock.now() - sleep.since < FIRST_REST_MS ? FIRST_REST_MS : REST_MS;
      return sleep.wakesAt === null ? rest : Math.max(1000, Math.min(rest, sleep.wakesAt - clock.now()));
    },
    recheck: look,
    stop() {
      stopped = true;
      cancelLook();
      cancelFall();
      waking?.end();
    },
  };
}
