import type { Api } from '../../preload/contract/api';
import type { Refusal } from '../../preload/contract/commands';
import type { HostTestView, HostView, Patch, Snapshot } from '../../preload/contract/view';
import { guestView, secretPrompt, sshHost } from './views';

/** The calls about hosts of the api without a main process (window-api.ts). Nothing of it is a rule of connections. */

type Refused = { ok: false; refusal: Refusal };

interface HostCallsPort {
  current: () => Snapshot;
  patch(change: Omit<Patch, 'epoch' | 'revision'>): void;
  takeRefusal: () => Refused | null;
  timing: { actionMs: number; now: () => number; after: (ms: number, task: () => void) => void };
}

type HostCalls = Pick<
  Api,
  | 'listSshHosts'
  | 'testHost'
  | 'endTest'
  | 'addHost'
  | 'editHost'
  | 'setHostEnabled'
  | 'removeHost'
  | 'connectHost'
  | 'answerHostKey'
  | 'answerSecret'
>;

export const configHosts = [
  { alias: 'attic', address: 'me@192.168.1.20' },
  { alias: 'backup', address: 'root@backup.example.org:2222' },
  { alias: 'bastion', address: 'me@bastion.example.org' },
  { alias: 'nas', address: 'me@nas.local' },
  { alias: 'nas-old', address: 'me@192.168.1.9' },
  { alias: 'pve1', address: 'root@pve1.lan' },
  { alias: 'pve2', address: 'root@pve2.lan' },
  { alias: 'workshop', address: 'me@10.0.0.14' },
];

type Step = HostTestView['steps'][number];

const passed = (name: Step['name'], detail: string): Step => ({ name, via: 'me@attic', state: 'passed', detail });

export const passedSteps: readonly Step[] = [
  passed('address', 'me@attic is 192.168.1.20, port 22, user me.'),
  passed('name', '192.168.1.20 is an address already.'),
  passed('tcp', 'Connected in 2 ms.'),
  passed('host-key', 'ssh-ed25519, known from ~/.ssh/known_hosts, line 12.'),
  passed('authentication', 'By the agent’s key me@laptop (ssh-ed25519).'),
  passed('qemu', 'QEMU 7.2.19 in /usr/bin.'),
  {
    ...passed('permissions', '1 of 3 monitors may not be opened: /run/vm/web.sock belongs to root, group kvm.'),
    state: 'warning',
    remedy: 'Add me to the group kvm on the host: sudo usermod -aG kvm me',
  },
  passed('guests', '3 guests.'),
];

export const failedSteps: readonly Step[] = [
  ...passedSteps.slice(0, 4),
  {
    ...passed('authentication', 'The host refused the agent’s 2 keys and ~/.ssh/id_ed25519.'),
    state: 'failed',
    remedy: 'Add your public key to ~/.ssh/authorized_keys there, or use an account that takes a password.',
  },
];

const ok = <T>(value: T): Promise<{ ok: true; value: T }> => Promise.resolve({ ok: true, value });
const refuse = (code: string, message: string, remedy: string): Promise<Refused> =>
  Promise.resolve({ ok: false, refusal: { code, message, remedy } });

const noAddress = () =>
  refuse('no-address', 'A host is needed.', 'Write it as you would to ssh: me@nas, nas, or ssh://me@nas:2222.');

/** Addresses that hold "fail" fail at authentication; the others pass. */
export function hostCalls({ current, patch, takeRefusal, timing }: HostCallsPort): HostCalls {
  let count = 0;
  const change = (id: string, edit: (host: HostView) => HostView): void => {
    const host = current().hosts[id];
    if (host !== undefined) patch({ hosts: { [id]: edit(host) } });
  };
  const connect = (id: string): void => {
    change(id, (host) => ({ ...host, link: { kind: 'connecting', step: 'authentication' } }));
    timing.after(timing.actionMs, () => change(id, (host) => ({ ...host, link: { kind: 'ready' } })));
  };
  const takeStep = (testId: string, steps: readonly Step[], next: number): void =>
    timing.after(timing.actionMs / 4, () => {
      const test = current().tests[testId];
      if (test === undefined) return;
      const done = next + 1 >= steps.length;
      patch({ tests: { [testId]: { ...test, steps: steps.slice(0, next + 1), done } } });
      if (!done) takeStep(testId, steps, next + 1);
    });
  return {
    listSshHosts: () => ok(configHosts),
    testHost({ address }) {
      const refused = takeRefusal();
      if (refused !== null) return Promise.resolve(refused);
      if (address.trim() === '') return noAddress();
      count += 1;
      const testId = `test-${count}`;
      patch({ tests: { [testId]: { id: testId, address, steps: [], done: false } } });
      takeStep(testId, address.includes('fail') ? failedSteps : passedSteps, 0);
      return ok({ testId });
    },
    endTest({ testId }) {
      if (current().tests[testId] !== undefined) patch({ tests: { [testId]: null } });
      return ok({});
    },
    addHost({ address, name }) {
      const refused = takeRefusal();
      if (refused !== null) return Promise.resolve(refused);
      if (address.trim() === '') return noAddress();
      const id = `ssh-${address}`;
      const host = sshHost({ id, name: name === '' ? address : name, address });
      patch({ hosts: { [id]: host }, guests: { [`${id}-1`]: guestView({ id: `${id}-1`, name: 'remote-1', hostId: id }) } });
      connect(id);
      return ok({ hostId: id });
    },
    editHost({ hostId, address, name }) {
      const refused = takeRefusal();
      if (refused !== null) return Promise.resolve(refused);
      if (address.trim() === '') return noAddress();
      change(hostId, (host) => ({ ...host, address, name: name === '' ? address : name }));
      return ok({});
    },
    setHostEnabled({ hostId, enabled }) {
      change(hostId, (host) => ({ ...host, enabled, link: { kind: 'offline' } }));
      if (enabled) connect(hostId);
      return ok({});
    },
    removeHost({ hostId }) {
      const guests = Object.values(current().guests).filter((guest) => guest.hostId === hostId);
      patch({ hosts: { [hostId]: null }, guests: Object.fromEntries(guests.map(({ id }) => [id, null])) });
      return ok({});
    },
    connectHost({ hostId }) {
      connect(hostId);
      return ok({});
    },
    answerHostKey({ promptId }) {
      timing.after(timing.actionMs / 4, () => patch({ prompts: { [promptId]: null } }));
      return ok({});
    },
    answerSecret({ promptId, answers }) {
      const refused = takeRefusal();
      if (refused !== null) return Promise.resolve(refused);
      const asked = current().prompts[promptId];
      const wrong = answers?.includes('wrong') === true && asked?.kind === 'secret';
      const again = wrong ? { [`${promptId}-again`]: secretPrompt({ ...asked, id: `${promptId}-again`, again: true }) } : {};
      patch({ prompts: { [promptId]: null, ...again } });
      return ok({});
    },
  };
}
