import { writeFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { domainXml } from '../support/libvirt-domain';
import { libvirtGuestsCanRun } from '../support/libvirt-guest';
import { requireComponent } from '../support/requires';
import { sshdPresent } from '../support/sshd';
import { axeViolations } from './axe';
import { expect, keepEvidence, test } from './fixtures';
import { launchApp, ownNamespacesPresent, type LaunchedApp, type LaunchOptions } from './launch';
import { startLibvirtWorld, type LibvirtWorld } from './libvirt-world';

/** libvirt as a user meets it: the real app, a real libvirtd, a real guest; here, and on a host behind a real sshd. */

const NAME = 'virt-nas';
/** As virt-manager defines guests. It has a screen, and no system. */
const UNMENDED = 'office';
const AGAIN_MS = 30_000;

let world: LibvirtWorld;

test.beforeAll(async () => {
  test.setTimeout(240_000);
  requireComponent('libvirt', libvirtGuestsCanRun(), (why) => test.skip(true, why));
  requireComponent('OpenSSH', sshdPresent, (why) => test.skip(true, why));
  requireComponent('PID namespaces', ownNamespacesPresent, (why) => test.skip(true, why));
  world = await startLibvirtWorld(NAME);
});

test.afterAll(async () => {
  await world?.stop();
});

interface Place {
  readonly title: string;
  /** The beginning of its pictures' names. */
  readonly picture: string;
  /** The app as it finds this libvirt, or is told of it. */
  readonly options: () => LaunchOptions;
  readonly arrive?: (page: Page) => Promise<void>;
}

const places: readonly Place[] = [
  {
    title: 'libvirt on this computer',
    picture: 'libvirt-here',
    options: () => ({ wrapper: world.libvirtd.wrapper }),
  },
  {
    title: 'libvirt on a host behind sshd',
    picture: 'libvirt-ssh',
    options: () => ({ ownProcesses: true, env: { HOME: world.home, SSH_AUTH_SOCK: undefined } }),
    async arrive(page) {
      // Where no guest runs the demo opens by itself.
      await page.getByRole('button', { name: 'Close the demo' }).first().click();
      await page.getByRole('button', { name: 'Add host', exact: true }).first().click();
      await page.getByRole('combobox', { name: 'Host', exact: true }).fill('nas');
      await page.getByRole('dialog', { name: 'Add host' }).getByRole('button', { name: 'Add host', exact: true }).click();
    },
  },
];

for (const { title, picture, options, arrive } of places) {
  test.describe(title, () => {
    test.describe.configure({ mode: 'serial' });

    let launched: LaunchedApp;
    let page: Page;

    test.beforeAll(async () => {
      await world.libvirtd.tryVirsh('undefine', UNMENDED);
      await world.libvirtd.define(domainXml({ name: UNMENDED, pm: 'no', screen: true }));
      launched = await launchApp(options());
      page = launched.page;
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await arrive?.(page);
    });

    test.afterEach(async () => {
      const testInfo = test.info();
      if (testInfo.status === testInfo.expectedStatus) return;
      await keepEvidence(launched, testInfo, 'app');
      await writeFile(testInfo.outputPath('libvirtd.txt'), world.libvirtd.log());
    });

    test.afterAll(async () => {
      await launched?.close();
      for (const name of [UNMENDED, NAME]) await world?.libvirtd.tryVirsh('destroy', name);
    });

    const row = (name = NAME) => page.getByRole('grid', { name: 'Guests' }).getByRole('row', { name, exact: true });
    const rowButton = (label: string, name = NAME) => row(name).getByRole('button', { name: label, exact: true });
    const dialog = (name: string) => page.getByRole('dialog', { name, exact: true });
    const details = () => page.getByRole('region', { name: 'Details' });
    const screen = () => details().getByRole('region', { name: 'Screen' });

    /** In both themes. */
    async function pictures(name: string): Promise<void> {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await launched.screenshot(`${picture}-${name}-${colorScheme}`);
      }
      await page.emulateMedia({ colorScheme: null });
    }

    async function fromMenu(command: string, name = NAME): Promise<void> {
      await row(name).getByRole('button', { name: /More/ }).click();
      await page.getByRole('menuitem', { name: command, exact: true }).click();
    }

    /** It runs, and its agent answers. */
    async function usable(): Promise<void> {
      await expect(row()).toContainText('Running', { timeout: AGAIN_MS });
      await expect(rowButton('Sleep')).toBeVisible({ timeout: AGAIN_MS });
    }

    test('its guest is listed once, marked, and started', async () => {
      await expect(row()).toHaveCount(1);
      await expect(row()).toContainText('Off');
      await expect(row().getByText('libvirt', { exact: true })).toBeVisible();
      await rowButton('Start').click();
      await usable();
      await expect(row()).toHaveCount(1);
      await expect(row(UNMENDED)).toHaveCount(1);
    });

    test('it sleeps for 5 s and wakes by itself; its screen and its load are shown', async () => {
      await row().click();
      await expect(screen().getByRole('img', { name: /^The screen of virt-nas, \d+ by \d+ pixels$/ })).toBeVisible();
      await expect(details().getByRole('region', { name: 'Load' })).toContainText(/Processor\d+ % of 1 vCPU/);
      await pictures('1-running');
      expect(await axeViolations(page)).toEqual([]);

      await rowButton('Sleep').click();
      await dialog('Sleep').getByLabel('For', { exact: true }).fill('5 s');
      const asked = Date.now();
      await dialog('Sleep').getByRole('button', { name: 'Sleep', exact: true }).click();
      await expect(row()).toContainText('Sleeping');
      await expect(row()).toContainText(/Wakes \d\d?:\d\d/);
      expect(await world.guest.state()).toMatch(/^pmsuspended/);
      await pictures('2-sleeping');
      await usable();
      expect(Date.now() - asked).toBeGreaterThanOrEqual(5000);
      await expect(row()).not.toContainText('Wakes');
      await expect(screen().getByRole('img', { name: /^The screen of virt-nas/ })).toBeVisible();
    });

    test('it hibernates and is saved, and each time it starts with its memory', async () => {
      await world.guest.exec(`echo kept-${picture} > /run/kept`);
      for (const [command, state] of [['Hibernate', 'Hibernated'], ['Save', 'Saved']] as const) {
        await fromMenu(command === 'Hibernate' ? 'Hibernate…' : command);
        if (command === 'Hibernate') await dialog(command).getByRole('button', { name: command, exact: true }).click();
        await expect(row()).toContainText(state, { timeout: AGAIN_MS });
        await pictures(`3-${state.toLowerCase()}`);
        await rowButton('Start').click();
        await usable();
        expect(await world.guest.exec('cat /run/kept')).toBe(`kept-${picture}`);
      }
      expect(await axeViolations(page)).toEqual([]);
    });

    test('sleep that is switched off in a definition is explained, enabled, and possible from the next start on', async () => {
      await rowButton('Start', UNMENDED).click();
      await expect(row(UNMENDED)).toContainText('Running');
      await row(UNMENDED).click();
      const why = details().getByRole('list', { name: 'Not possible now' });
      await expect(why).toContainText('<pm>');
      // Its firmware's messages.
      await expect(screen().getByRole('img', { name: /^The screen of office, \d+ by \d+ pixels$/ })).toBeVisible();
      await pictures('4-switched-off');
      expect(await axeViolations(page)).toEqual([]);

      await why.getByRole('button', { name: 'Enable sleep…', exact: true }).click();
      const diff = dialog('Enable sleep').getByRole('group', { name: 'Change of the definition' });
      await expect(diff.locator('[data-diff=removed]')).toHaveText([/mem enabled='no'/, /disk enabled='no'/]);
      await expect(diff.locator('[data-diff=added]')).toHaveText([/mem enabled='yes'/, /disk enabled='yes'/]);
      await expect(dialog('Enable sleep')).toContainText('takes effect at the next start');
      await pictures('5-difference');
      expect(await axeViolations(page)).toEqual([]);
      await launched.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setContentSize(900, 600));
      const change = dialog('Enable sleep').getByRole('button', { name: 'Change definition', exact: true });
      await expect(change).toBeInViewport({ ratio: 1 });
      await pictures('5-difference-small');
      await launched.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setContentSize(1280, 800));

      await change.click();
      await expect(dialog('Enable sleep')).toContainText('The definition was changed.');
      expect(await world.libvirtd.virsh('dumpxml', '--inactive', UNMENDED)).toContain("<suspend-to-mem enabled='yes'/>");
      await pictures('6-changed');
      expect(await axeViolations(page)).toEqual([]);
      // Not the cross of the same name.
      await dialog('Enable sleep').getByText('Close', { exact: true }).click();
      await expect(why).toContainText('takes effect at its next start');
      await expect(why.getByRole('button', { name: 'Enable sleep…', exact: true })).toBeHidden();
      await pictures('7-next-start');

      await fromMenu('Force off…', UNMENDED);
      await page.getByRole('dialog', { name: 'Force off' }).getByRole('button', { name: 'Force off', exact: true }).click();
      await expect(row(UNMENDED)).toContainText('Off');
      await rowButton('Start', UNMENDED).click();
      await expect(row(UNMENDED)).toContainText('Running');
      await expect(why).toContainText('agent');
      await expect(why).not.toContainText('next start');
    });

    test('it is shut down', async () => {
      await rowButton('Shut down').click();
      await expect(row()).toContainText('Off', { timeout: AGAIN_MS });
      expect(await world.guest.state()).toBe('shut off (shutdown)');
      await expect(row()).toHaveCount(1);
      expect(launched.output.consoleErrors).toEqual([]);
    });
  });
}
