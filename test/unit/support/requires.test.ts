import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isMissing, requireComponent } from '../../support/requires';

beforeEach(() => {
  vi.stubEnv('CI', '');
  vi.stubEnv('REVEILLE_WITHOUT', '');
});
afterEach(() => vi.unstubAllEnvs());

test('a component that is there skips nothing', () => {
  const skip = vi.fn();
  requireComponent('QEMU', true, skip);
  expect(skip).not.toHaveBeenCalled();
});

test('a missing component skips by its name', () => {
  const skip = vi.fn();
  requireComponent('QEMU', false, skip);
  expect(skip).toHaveBeenCalledWith('QEMU is missing');
});

test('in CI a missing component is an error', () => {
  vi.stubEnv('CI', 'true');
  const skip = vi.fn();
  expect(() => requireComponent('QEMU', false, skip)).toThrow(/QEMU is missing\. In CI/);
  expect(skip).not.toHaveBeenCalled();
});

test('in CI a system says by name what it cannot have', () => {
  vi.stubEnv('CI', 'true');
  vi.stubEnv('REVEILLE_WITHOUT', 'root, QEMU');
  expect(isMissing('QEMU', false)).toBe(true);
  expect(() => isMissing('OpenSSH', false)).toThrow(/OpenSSH/);
});
