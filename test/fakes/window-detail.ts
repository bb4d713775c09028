import type { Api } from '../../preload/contract/api';
import type { Refusal } from '../../preload/contract/commands';
import type { GuestStats, GuestView, MendingView, Patch, Snapshot } from '../../preload/contract/view';
import type { Fix } from '../../preload/contract/vocabulary';
import { screenOf, type FakeScreen } from './screens';
import { actionsIn } from './views';

type DetailCalls = Pick<Api, 'guestStats' | 'readUse' | 'guestScreen' | 'readMending' | 'applyMending'>;

/** What is told of guests of these names; others are idle. */
const uses: Record<string, { users: string[]; cpuPercent: number }> = {
  nas: { users: ['ann', 'root'], cpuPercent: 3 },
  'ci-runner': { users: [], cpuPercent: 390 },
};

interface DetailPort {
  current: () => Snapshot;
  patch: (change: Omit<Patch, 'epoch' | 'revision'>) => void;
  takeRefusal: () => { ok: false; refusal: Refusal } | null;
  timing: { now: () => number };
}

const ok = <T>(value: T): Promise<{ ok: true; value: T }> => Promise.resolve({ ok: true, value });
const no = (code: string, message: string, remedy?: string): Promise<{ ok: false; refusal: Refusal }> =>
  Promise.resolve({ ok: false, refusal: { code, message, ...(remedy === undefined ? {} : { remedy }) } });

/** Between 0 and 1, as time passes. */
const wave = (now: number, period: number): number => (1 + Math.sin(now / period)) / 2;

export function statsOf(guest: GuestView, now: number): GuestStats {
  const isDomain = guest.manager === 'libvirt';
  const untold = { missing: 'QEMU does not tell.' };
  return {
    at: now,
    cpuPercent: { value: 20 + 60 * wave(now, 4000) },
    memoryUsedMiB: isDomain
      ? { value: (guest.memoryMiB ?? 1024) * (0.4 + 0.1 * wave(now, 30_000)) }
      : { missing: 'Its balloon is not asked to report.' },
    memoryMiB: { value: guest.memoryMiB ?? 1024 },
    diskRead: { value: 300_000 * wave(now, 3000) },
    diskWritten: { value: 90_000 * wave(now, 5000) },
    netReceived: isDomain ? { value: 1_400_000 * wave(now, 6000) } : untold,
    netSent: isDomain ? { value: 60_000 } : untold,
  };
}

const lines: Record<Fix, MendingView['lines']> = {
  'enable-sleep': [
    { kind: 'skipped', count: 17 },
    { kind: 'same', text: '  <on_reboot>restart</on_reboot>' },
    { kind: 'same', text: '  <on_crash>destroy</on_crash>' },
    { kind: 'same', text: '  <pm>' },
    { kind: 'removed', text: "    <suspend-to-mem enabled='no'/>" },
    { kind: 'removed', text: "    <suspend-to-disk enabled='no'/>" },
    { kind: 'added', text: "    <suspend-to-mem enabled='yes'/>" },
    { kind: 'added', text: "    <suspend-to-disk enabled='yes'/>" },
    { kind: 'same', text: '  </pm>' },
    { kind: 'same', text: '  <devices>' },
    { kind: 'same', text: '    <emulator>/usr/bin/qemu-system-x86_64</emulator>' },
    { kind: 'skipped', count: 88 },
  ],
  'add-agent-channel': [
    { kind: 'same', text: '    </console>' },
    { kind: 'added', text: "    <channel type='unix'>" },
    { kind: 'added', text: "      <target type='virtio' name='org.qemu.guest_agent.0'/>" },
    { kind: 'added', text: '    </channel>' },
    { kind: 'same', text: "    <input type='mouse' bus='ps2'/>" },
    { kind: 'skipped', count: 1 },
  ],
};

/** The calls of the detail pane, and what tests set about them. */
export function detailCalls({ current, patch, takeRefusal, timing }: DetailPort): {
  calls: DetailCalls;
  setScreen: (guestId: string, screen: FakeScreen) => void;
} {
  const screens = new Map<string, FakeScreen>();
  let count = 0;
  let kept: { id: string; guestId: string } | null = null;
  const gone = () => no('unknown-guest', 'This guest is no longer on the list.');
  return {
    setScreen: (guestId, screen) => void screens.set(guestId, screen),
    calls: {
      guestStats({ guestId }) {
        const guest = current().guests[guestId];
        return guest === undefined ? gone() : ok(statsOf(guest, timing.now()));
      },
      readUse({ guestId }) {
        const guest = current().guests[guestId];
        if (guest === undefined) return gone();
        return ok(guest.state.name === 'running' ? (uses[guest.name] ?? { users: [], cpuPercent: 2 }) : { users: null, cpuPercent: null });
      },
      guestScreen({ guestId }) {
        const guest = current().guests[guestId];
        if (guest === undefined) return gone();
        return ok(screenOf(screens.get(guestId) ?? 'lit', timing.now()));
      },
      readMending({ guestId, fix }) {
        count += 1;
        kept = { id: `mending-${count}`, guestId };
        return ok({ mendingId: kept.id, lines: lines[fix], effect: 'next-start' as const });
      },
      applyMending({ mendingId }) {
        const refused = takeRefusal();
        if (refused !== null) return Promise.resolve(refused);
        const guest = current().guests[kept?.guestId ?? ''];
        if (kept?.id !== mendingId || guest === undefined) return no('wrong-state', 'This change is no longer at hand.');
        kept = null;
        patch({ guests: { [guest.id]: { ...guest, actions: actionsIn(guest.state.name, guest.manager) } } });
        return ok({});
      },
    },
  };
}
