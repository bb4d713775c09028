import path from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { _electron, expect, test } from '@playwright/test';
import type {} from '../renderer-lab/lab';
import type { LabServer } from '../renderer-lab/serve';
import { serveLab } from '../renderer-lab/serve';
import { axeViolations } from './axe';

/** The window alone, in the real runtime, over the fake api. */
export interface LabWindow {
  page(): Page;
  /** Opens a scenario of test/renderer-lab. `actionMs`: how long an action of the fake api takes. */
  open(scenario: string, actionMs?: number): Promise<void>;
  /** What axe finds, in the light theme and in the dark. */
  axeViolations(): Promise<string[]>;
}

/** One window for the tests of a file. A complaint on the console fails the test that it comes in. */
export function useLabWindow(): LabWindow {
  let server: LabServer;
  let app: ElectronApplication;
  let page: Page;
  const complaints: string[] = [];

  test.beforeAll(async () => {
    server = await serveLab();
    const asRoot = process.platform === 'linux' && process.getuid?.() === 0;
    app = await _electron.launch({
      args: [
        path.resolve(__dirname, '../renderer-lab/main.cjs'),
        ...(asRoot ? ['--no-sandbox'] : []),
        server.url('none'),
      ],
    });
    page = await app.firstWindow();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
  });

  test.afterAll(async () => {
    await app.close();
    await server.close();
  });

  test.beforeEach(() => {
    complaints.length = 0;
  });

  /** Policy violations are console errors, too. The lab has no icon for the tab. */
  test.afterEach(() => {
    expect(complaints.filter((text) => !text.includes('404'))).toEqual([]);
  });

  return {
    page: () => page,
    async open(scenario, actionMs) {
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
      await page.goto(server.url(scenario, actionMs));
      await page.locator('.product').waitFor();
    },
    axeViolations: () => axeViolations(page),
  };
}
