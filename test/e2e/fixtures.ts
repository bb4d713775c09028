import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestInfo } from '@playwright/test';
import { test as base } from '@playwright/test';
import type { LaunchedApp, LaunchOptions } from './launch';
import { launchApp } from './launch';

export { expect } from '@playwright/test';

/**
 * Playwright's test with `launch`: starts the app in the test's own profile, which a second launch in the
 * same test opens again. What is still running at the test's end is closed, and a failed test keeps a
 * picture and the output.
 */
export const test = base.extend<{ launch: (options?: LaunchOptions) => Promise<LaunchedApp> }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures it needs from this pattern
  launch: async ({}, use, testInfo) => {
    const profile = await mkdtemp(path.join(os.tmpdir(), 'reveille-e2e-'));
    const launched: LaunchedApp[] = [];
    await use(async (options) => {
      const one = await launchApp({ userDataDir: profile, ...options });
      launched.push(one);
      return one;
    });
    if (testInfo.status !== testInfo.expectedStatus) {
      for (const [index, one] of launched.entries()) await keepEvidence(one, testInfo, `app-${index + 1}`);
    }
    for (const one of launched) await one.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
  },
});

/** In the test's folder below test-results. */
export async function keepEvidence({ app, output }: LaunchedApp, testInfo: TestInfo, name: string): Promise<void> {
  const said = [output.stdout(), output.stderr(), ...output.consoleErrors].join('\n');
  await mkdir(testInfo.outputDir, { recursive: true });
  await writeFile(testInfo.outputPath(`${name}.txt`), said);
  for (const [index, page] of app.windows().entries()) {
    await page.screenshot({ path: testInfo.outputPath(`${name}-window-${index + 1}.png`) });
  }
}
