import { app, powerMonitor } from 'electron';
import type { App, AppEvent } from '../app';
import type { Clock } from '../clock';
import { serveBridge } from '../ipc/bridge';
import { createDispatch, type Dispatch } from '../ipc/dispatch';
import { dependsOnApp } from '../quit-question';
import type { Desktop } from '../settings';
import type { UpdateSource } from '../updates';
import type { Patch } from '../../preload/contract/view';
import { createInstalling } from './installing';
import { createLoginItem } from './login-item';
import { createNotifications } from './notifications';
import { createOneWindow, type OneWindow } from './one-window';
import { createQuitting } from './quitting';
import { sleepWarning } from './sleep-warning';
import { noServices, watchSession, type SessionServices } from './session-services';
import type { Switches } from './switches';
import { createTray, type TrayKeeper } from './tray';
import { trayMenu, type TrayCommand } from './tray-menu';
import { createUpdateSource, type Installing } from './update-source';

/** How the app shows itself: window, tray, notifications, and what it takes to end it. */
export interface Presence {
  /** What the app is told of the desktop. */
  readonly desktop: Desktop;
  readonly updates: UpdateSource;
  onPatch(patch: Patch): void;
  onEvent(event: AppEvent): void;
  /** Shows the app, which is ready to be called. */
  begin(app: App): OneWindow;
}

const PLACE = process.platform === 'darwin' ? 'menu bar' : 'tray';

/** To be called when Electron is ready. */
export function createPresence(clock: Clock, switches: Switches): Presence {
  let reveille: App | null = null;
  let window: OneWindow | null = null;
  let tray: TrayKeeper | null = null;
  let services: SessionServices = noServices;
  let installing: Installing | null = null;
  let toldOfTray = false;
  let takeBackWarning = () => {};

  const updates = createUpdateSource({ begins: () => installing?.begins(), fails: (error) => installing?.fails(error) });
  const loginItem = createLoginItem(process.env, switches);
  const notifications = createNotifications({
    wanted: () => reveille?.settings.value().notifications ?? { woken: false, failed: false, late: false },
    onClick: (guestId) => (guestId === undefined ? window?.open() : window?.reveal(guestId)),
    onMissing: () => reveille?.desktopChanged(),
  });
  /** Only a Linux desktop may lack one. */
  const hasTray = () => process.platform !== 'linux' || services.panel !== null;

  const lookAtLoginItem = () => {
    const before = loginItem.isOn;
    void loginItem.look().then(() => {
      if (loginItem.isOn !== before) reveille?.desktopChanged();
    });
  };

  /** Only the first time: closing the window does not end the app. */
  const tellOfTray = (running: App, event: { preventDefault(): void }) => {
    if (toldOfTray || running.settings.kept.trayTold) return;
    toldOfTray = true;
    const keep = () => {
      running.settings.note({ trayTold: true }).catch((error: unknown) => console.error('It will be told again:', error));
    };
    const title = `Reveille stays in the ${PLACE}`;
    if (notifications.missing() === null) {
      const text = `Reveille stays in the ${PLACE} so that alarms are kept. Open or quit it from its icon there.`;
      void notifications.say(title, text).then((shown) => {
        toldOfTray = shown;
        if (shown) keep();
      });
      return;
    }
    event.preventDefault();
    running.tell({
      severity: 'info',
      title,
      message: `Closing the window leaves Reveille in the ${PLACE} so that alarms are kept. Open or quit it from its icon there.`,
      remedy: 'Close the window again.',
    });
    keep();
  };

  const begin = (running: App): OneWindow => {
    reveille = running;
    const dispatch = createDispatch(running.handlers, (error) => console.error('A command met a fault:', error));
    const mine = createOneWindow({
      serve: (contents) => serveBridge(contents, dispatch),
      onClosing(event) {
        if (quitting.leaving) return;
        if (hasTray()) return tellOfTray(running, event);
        event.preventDefault();
        // Not at once: a close that is prevented cancels the quitting it finds under way.
        setImmediate(() => app.quit());
      },
      onOpened: lookAtLoginItem,
      onSessionEnd: () => quitting.leave(),
    });
    window = mine;
    const quitting = createQuitting(
      () => dependsOnApp(running.dependents()),
      () => {
        mine.open();
        return running.askToQuit();
      },
    );
    installing = createInstalling(quitting, mine.open, running.tell);
    const carryOut = (command: TrayCommand) => {
      switch (command.kind) {
        case 'open':
          return mine.open();
        case 'show':
          return mine.reveal(command.guestId);
        case 'quit':
          return app.quit();
        case 'wake':
        case 'wake-host':
          return void wake(command, dispatch, running, mine);
        case 'cancel-grace':
          void cancelGrace(command.graceId, dispatch, running, mine);
      }
    };
    const show = () => (tray ??= createTray({ clock, menu: () => trayMenu(running.snapshot(), clock.now()), onCommand: carryOut }));
    if (process.platform === 'linux') {
      void watchSession(process.env, process.getuid?.() ?? 0, clock, (now) => {
        const isNew = now.panel !== null && now.panel !== services.panel;
        services = now;
        notifications.daemonSeen(now.notifications);
        if (isNew) tray?.renew();
        running.desktopChanged();
      }).then(show);
    } else {
      show();
    }
    lookAtLoginItem();
    powerMonitor.on('suspend', () => {
      running.beforeSleep();
      void warnOfSleep(running);
    });
    powerMonitor.on('resume', () => running.recheck());
    app.on('will-quit', () => tray?.remove());
    return mine;
  };

  /** In the window where nothing shows notifications; one warning, not one for each sleep. */
  const warnOfSleep = async (running: App) => {
    takeBackWarning();
    takeBackWarning = () => {};
    const warning = sleepWarning(running.dependents(), clock.now());
    if (!warning) return;
    const { title, text } = warning;
    if (notifications.missing() === null && (await notifications.say(title, text))) return;
    takeBackWarning = running.tell({ severity: 'warning', title, message: text });
  };

  return {
    desktop: {
      facts: () => ({
        startAtLogin: loginItem.isOn,
        startAtLoginMissing: loginItem.missing,
        notificationsMissing: notifications.missing(),
        updatesMissing: updates.missing,
        tray: hasTray(),
      }),
      setStartAtLogin: (on) => loginItem.set(on),
    },
    updates,
    onPatch(patch) {
      window?.send(patch);
      tray?.touch();
    },
    onEvent: (event) => notifications.tell(event),
    begin,
  };
}

/** As the window would; what is refused is shown there. */
async function wake(
  command: Extract<TrayCommand, { kind: 'wake' | 'wake-host' }>,
  dispatch: Dispatch,
  running: App,
  window: OneWindow,
): Promise<void> {
  const isGuest = command.kind === 'wake';
  const result = isGuest
    ? await dispatch('setPowerState', { guestId: command.guestId, action: command.action })
    : await dispatch('wakeHost', { hostId: command.hostId });
  if (result.ok) return;
  const { guests, hosts } = running.snapshot();
  const name = (isGuest ? guests[command.guestId]?.name : hosts[command.hostId]?.name) ?? 'It';
  const { message, remedy } = result.refusal;
  running.tell({
    ...(isGuest ? { guestId: command.guestId } : {}),
    severity: 'error',
    title: `${name} was not woken`,
    message,
    ...(remedy === undefined ? {} : { remedy }),
  });
  if (isGuest) window.reveal(command.guestId);
  else window.open();
}

/** As the window would; that it was too late is shown there. */
async function cancelGrace(graceId: string, dispatch: Dispatch, running: App, window: OneWindow): Promise<void> {
  const result = await dispatch('endGrace', { graceId, how: 'cancel' });
  if (result.ok) return;
  running.tell({ severity: 'error', title: 'The sleep was not cancelled', message: result.refusal.message });
  window.open();
}
