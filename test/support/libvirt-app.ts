import type { DaemonPlace } from '../../main/hypervisors/libvirt/model';
import type { ActionName, HolderChoice, PowerStateName } from '../../preload/contract/vocabulary';
import type { TestApp } from './app';
import type { TestLibvirtd } from './libvirtd';

/** Where a private libvirtd listens. */
export const placeOf = ({ socket, readOnlySocket }: TestLibvirtd): DaemonPlace => ({
  scope: 'system',
  uri: 'qemu:///system',
  sockets: [{ kind: 'unix', path: socket }],
  readOnlySockets: [{ kind: 'unix', path: readOnlySocket }],
});

/** One guest of the app, as its user commands it. */
export const controlOf = (app: TestApp, name: string) => ({
  view: () => app.guest(name),
  set: (action: ActionName, more: { for?: string; startAccepted?: boolean; alarm?: HolderChoice } = {}) =>
    app.call('setPowerState', { guestId: app.guest(name).id, action, ...more }),
  /** Not while something is under way. */
  until: (state: PowerStateName) => app.untilState(name, state, 60_000),
  /** It runs, and its agent answers. */
  answering: () =>
    app.untilGuest(name, ({ agent, pending, state }) => agent.status === 'answering' && pending === null && state.name === 'running', 60_000),
});
