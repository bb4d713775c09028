/**
 * Whether tests go without a real component here. In CI (CI=true) a missing component is an error, so that
 * no green run hides tests that were not run; REVEILLE_WITHOUT names, comma-separated, those that a system
 * cannot have. For whole blocks: `describe.skipIf(isMissing('QEMU', path !== undefined))`.
 * @param name the component as people know it: "QEMU", "Xvfb"
 * @throws Error in CI
 */
export function isMissing(name: string, present: boolean): boolean {
  if (present) return false;
  const waived = (process.env['REVEILLE_WITHOUT'] ?? '').split(',').map((each) => each.trim());
  if (process.env['CI'] === 'true' && !waived.includes(name)) {
    throw new Error(
      `${name} is missing. In CI its tests must run: install it, or name it in REVEILLE_WITHOUT.`,
    );
  }
  return true;
}

/**
 * Skips the running test, by name, when a real component is missing; in CI it fails.
 * Vitest: `requireComponent('QEMU', found, (why) => ctx.skip(why))`;
 * Playwright: `requireComponent('QEMU', found, (why) => test.skip(true, why))`.
 * @throws Error in CI; elsewhere whatever `skip` throws to end the test
 */
export function requireComponent(name: string, present: boolean, skip: (reason: string) => void): void {
  if (isMissing(name, present)) skip(`${name} is missing`);
}
