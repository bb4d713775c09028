import type { GuestView, HostView, LinkView, Snapshot } from '../../preload/contract/view';
import type { GuestPlan } from '../fakes/views';
import { actionsIn, alarmView, guestView, hostKeyPrompt, secretPrompt, snapshotOf, sshHost, thisComputer } from '../fakes/views';

/** Scenarios of hosts reached by SSH: every state of a connection, questions, guests that can't be seen. */

const minute = 60_000;
const hour = 60 * minute;

const cannotSee = Object.fromEntries(
  Object.keys(actionsIn('unknown')).map((action) => [
    action,
    { available: false, reason: 'Its host is not connected.', remedy: 'Connect to the host first.' },
  ]),
) as GuestView['actions'];

/** Last seen a while ago, since its host can't be reached. */
const lastSeen = (plan: GuestPlan, asOf: number): GuestView => {
  const guest = guestView(plan);
  return { ...guest, state: { ...guest.state, asOf }, actions: cannotSee };
};

const links = (now: number): Record<string, Partial<HostView>> => ({
  attic: { notHonoured: ['ProxyCommand is not supported (~/.ssh/config, line 14).', 'Match exec is not supported (~/.ssh/config, line 31).'] },
  backup: {
    name: 'Backup in the cellar',
    address: 'root@backup.example.org:2222',
    link: {
      kind: 'backoff',
      nextTry: now + 12_000,
      reason: 'backup.example.org refused the connection on port 2222.',
      remedy: 'Check that sshd runs there and listens on this port.',
    },
  },
  bench: { link: { kind: 'connecting', step: 'Authentication' } },
  cellar: {
    link: {
      kind: 'blocked',
      reason:
        'The host key has changed: it shows SHA256:uNiVztksCsDhcc0u9e8BrWXbeqQGVK8ba9Xl0b8Uo2Q, but ~/.ssh/known_hosts, line 12, has SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU.',
      remedy: 'If the host was set up anew, remove the line with ssh-keygen -R cellar, then connect again.',
    },
  },
  garage: { enabled: false, link: { kind: 'offline' } },
  hut: { link: { kind: 'offline' } },
  nas: { status: { kind: 'looking' } },
  pve1: {
    address: 'root@pve1.lan',
    status: { kind: 'failed', message: '/proc can’t be read there.', remedy: 'Mount it without hidepid, or use another account.' },
  },
  shed: {
    link: { kind: 'backoff', nextTry: now + 95_000, reason: 'shed does not answer.', remedy: 'Check that it is switched on.' },
  },
  workshop: {},
});

const quiet: LinkView = { kind: 'ready' };

/** Twenty hosts: those above, and ten that are connected. */
function twenty(now: number): HostView[] {
  const special = Object.entries(links(now)).map(([id, plan]) => sshHost({ id, ...plan }));
  const plain = Array.from({ length: 10 }, (_, place) => sshHost({ id: `node-${place + 1}`, link: quiet }));
  return [...special, ...plain];
}

const guestsOf = (now: number): GuestView[] => [
  guestView({ id: 'here-1', name: 'alpine', state: { since: now - 40 * minute } }),
  guestView({ id: 'attic-1', name: 'media', hostId: 'attic', state: { since: now - 3 * hour } }),
  guestView({
    id: 'attic-2',
    name: 'photos',
    hostId: 'attic',
    state: { name: 'suspended', since: now - 2 * hour },
    alarm: alarmView({ id: 'h1', due: now + 6 * hour }),
  }),
  lastSeen({ id: 'backup-1', name: 'vault', hostId: 'backup' }, now - 5 * minute),
  lastSeen(
    {
      id: 'backup-2',
      name: 'mirror',
      hostId: 'backup',
      state: { name: 'suspended' },
      alarm: alarmView({ id: 'h2', due: now + 8 * hour }),
    },
    now - 5 * minute,
  ),
  lastSeen({ id: 'cellar-1', name: 'dns', hostId: 'cellar', state: { name: 'off' } }, now - 26 * hour),
  lastSeen({ id: 'garage-1', name: 'printer', hostId: 'garage', state: { name: 'paused' } }, now - 9 * hour),
  ...Array.from({ length: 10 }, (_, place) =>
    guestView({ id: `node-guest-${place + 1}`, name: `worker-${place + 1}`, hostId: `node-${place + 1}`, state: { since: now - hour } }),
  ),
];

const someHosts = (now: number) => snapshotOf({ hosts: [thisComputer, ...twenty(now)], guests: guestsOf(now) });

/** Three hosts with 300 guests, one of them out of reach. */
function estate(now: number): Snapshot {
  const backoff: LinkView = { kind: 'backoff', nextTry: now + 42_000, reason: 'barn does not answer.', remedy: 'Check that it is switched on.' };
  const hosts = [sshHost({ id: 'attic' }), sshHost({ id: 'barn', link: backoff }), sshHost({ id: 'cellar', address: 'root@10.0.0.14:2222' })];
  const states = ['running', 'running', 'suspended', 'off', 'hibernated'] as const;
  const guests = Array.from({ length: 300 }, (_, place) => {
    const hostId = hosts[place % hosts.length]?.id ?? 'attic';
    const plan = { id: `guest-${place}`, name: `${['web', 'db', 'ci', 'mail'][place % 4]}-${place}`, hostId };
    const state = { name: states[place % states.length] ?? 'off', since: now - place * minute };
    return hostId === 'barn' ? lastSeen({ ...plan, state }, now - 7 * minute) : guestView({ ...plan, state });
  });
  return snapshotOf({ hosts: [thisComputer, ...hosts], guests });
}

const serverText =
  'Welcome to attic.\n\u001b[31mYour token is beside the keyboard.\u001b[0m <b>Never</b> type it anywhere else.';

export const hostScenarios: Record<string, (now: number) => Snapshot> = {
  hosts: someHosts,
  estate,
  'only-hosts': () =>
    snapshotOf({ hosts: [thisComputer, sshHost({ id: 'attic', link: { kind: 'connecting', step: 'TCP' } })] }),
  'host-key': (now) => ({ ...someHosts(now), prompts: { k: hostKeyPrompt({ id: 'k', hostId: 'attic' }) } }),
  'host-key-once': (now) => ({ ...someHosts(now), prompts: { k: hostKeyPrompt({ id: 'k', file: null }) } }),
  secret: (now) => ({
    ...someHosts(now),
    prompts: { s: secretPrompt({ id: 's', hostId: 'backup', address: 'root@backup.example.org:2222', title: 'Passphrase of ~/.ssh/id_ed25519', fields: [{ label: 'Passphrase', echo: false }] }) },
  }),
  questions: (now) => ({
    ...someHosts(now),
    prompts: {
      k: hostKeyPrompt({ id: 'k' }),
      s: secretPrompt({
        id: 's',
        title: 'attic \u202easks',
        instruction: serverText,
        fields: [
          { label: 'User code: ', echo: true },
          { label: 'Password: ', echo: false },
        ],
        again: true,
        canKeep: false,
      }),
    },
  }),
};
