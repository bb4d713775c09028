import type { Clock } from '../clock';
import { busSocket, DBusError, openSessionBus, theBus, type SessionBus } from '../protocols/dbus/session-bus';

/** What a Linux session offers. */
export interface SessionServices {
  /** Whoever shows icons of apps, by its name on the bus; null where nobody does. */
  readonly panel: string | null;
  /** Somebody shows notifications, or is started when there is one; null where the bus could not be asked. */
  readonly notifications: boolean | null;
}

export const noServices: SessionServices = { panel: null, notifications: null };

/** Source: StatusNotifierItem specification, "StatusNotifierWatcher"; GNOME has none without an extension. */
const WATCHER = { destination: 'org.kde.StatusNotifierWatcher', path: '/StatusNotifierWatcher', interface: 'org.kde.StatusNotifierWatcher' } as const;
/** Source: Desktop Notifications Specification. */
const NOTIFICATIONS = 'org.freedesktop.Notifications';

const ownerOf = (name: string) =>
  `type='signal',sender='${theBus.destination}',interface='${theBus.interface}',member='NameOwnerChanged',arg0='${name}'`;

/**
 * Tells what the session offers now, and whenever that changes: a panel often starts after the apps that start at login.
 * @returns when it was told for the first time
 */
export async function watchSession(
  env: NodeJS.ProcessEnv,
  uid: number,
  clock: Clock,
  onChange: (services: SessionServices) => void,
): Promise<void> {
  const path = busSocket(env['DBUS_SESSION_BUS_ADDRESS'], env['XDG_RUNTIME_DIR']);
  if (path === null) return;
  let bus: SessionBus;
  try {
    bus = await openSessionBus(path, uid, clock);
  } catch (error) {
    // A session without a bus has neither panel nor notifications that we could use.
    console.error('The session bus cannot be used:', error instanceof Error ? error.message : error);
    return;
  }
  let looking = Promise.resolve();
  let wanted = false;
  const look = () => {
    if (wanted) return;
    wanted = true;
    looking = looking.then(async () => {
      wanted = false;
      onChange(await servicesOn(bus));
    });
    looking = looking.catch((error: unknown) => {
      console.error('The session could not be looked at:', error instanceof Error ? error.message : error);
    });
  };
  bus.onSignal(look);
  void bus.ended.then(() => onChange(noServices));
  try {
    const rules = [ownerOf(WATCHER.destination), ownerOf(NOTIFICATIONS), `type='signal',interface='${WATCHER.interface}'`];
    for (const rule of rules) await bus.call({ ...theBus, member: 'AddMatch', args: [rule] });
  } catch (error) {
    console.error('Changes of the session will not be noticed:', error instanceof Error ? error.message : error);
  }
  look();
  await looking;
}

async function servicesOn(bus: SessionBus): Promise<SessionServices> {
  const panel = await panelOn(bus);
  const [started] = await bus.call({ ...theBus, member: 'NameHasOwner', args: [NOTIFICATIONS] });
  const [names] = started === true ? [] : await bus.call({ ...theBus, member: 'ListActivatableNames', args: [] });
  return { panel, notifications: started === true || (Array.isArray(names) && names.includes(NOTIFICATIONS)) };
}

async function panelOn(bus: SessionBus): Promise<string | null> {
  try {
    const [owner] = await bus.call({ ...theBus, member: 'GetNameOwner', args: [WATCHER.destination] });
    const [shown] = await bus.call({
      ...WATCHER,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      args: [WATCHER.interface, 'IsStatusNotifierHostRegistered'],
    });
    return shown === true && typeof owner === 'string' ? owner : null;
  } catch (error) {
    // Nobody has the name, or whoever has it does not know the question (yet).
    if (error instanceof DBusError) return null;
    throw error;
  }
}
