import type { Page } from '@playwright/test';
import axe from 'axe-core';
import type {} from '../renderer-lab/lab';

/** What axe finds on the page, in the light theme and in the dark. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const violations = await page.evaluate(async () => {
      // Base UI keeps the focus in a menu by hidden, focusable guards, which hand it on at once.
      const found = await window.axe.run({ exclude: ['[data-base-ui-focus-guard]'] }, { resultTypes: ['violations'] });
      return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
    });
    found.push(...violations.map((violation) => `${colorScheme}: ${violation}`));
  }
  await page.emulateMedia({ colorScheme: null });
  return found;
}
