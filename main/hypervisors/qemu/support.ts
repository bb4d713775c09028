import type { SleepSupport } from '../../power/standing';
import type { QmpClient } from '../../protocols/qmp/client';
import { QmpError } from '../../protocols/qmp/errors';

export interface QemuSupport {
  readonly sleep: SleepSupport;
  readonly machineType: string | null;
}

/** "7.2.18". */
export const versionText = ({ version }: QmpClient): string =>
  `${version.major}.${version.minor}.${version.micro}`;

/**
 * What this QEMU says of the machine's ability to sleep and to be woken.
 * Sources: QAPI qapi/machine.json query-current-machine (since 4.0); QOM /machine "acpi-device" with
 * disable_s3 and disable_s4 (hw/acpi/piix4.c, hw/acpi/ich9.c).
 * @throws QmpError when the connection ends or QEMU breaks the protocol
 */
export async function readSupport(client: QmpClient): Promise<QemuSupport> {
  const [wakeup, acpi, type] = await Promise.all([
    orRefused(client.call('query-current-machine')),
    orRefused(client.call('qom-get', { path: '/machine', property: 'acpi-device' })),
    orRefused(client.call('qom-get', { path: '/machine', property: 'type' })),
  ]);
  const machineType = typeof type === 'string' ? type.replace(/-machine$/, '') : null;
  const [s3, s4] =
    typeof acpi === 'string' && acpi !== ''
      ? await Promise.all([enabled(client, acpi, 'disable_s3'), enabled(client, acpi, 'disable_s4')])
      : [undefined, undefined];
  return {
    machineType,
    sleep: {
      ...(s3 === undefined ? {} : { s3 }),
      ...(s4 === undefined ? {} : { s4 }),
      ...(wakeup === REFUSED
        ? { tooOld: versionText(client) }
        : { wakeup: wakeup['wakeup-suspend-support'] }),
    },
  };
}

const REFUSED = Symbol('refused');

/** A command or property that this QEMU or machine does not have, or tells in another way, is an answer, not a failure. */
async function orRefused<T>(call: Promise<T>): Promise<T | typeof REFUSED> {
  try {
    return await call;
  } catch (error) {
    if (isAnswered(error)) return REFUSED;
    throw error;
  }
}

/** QEMU answered, though not with what was asked for. */
const isAnswered = (error: unknown): boolean =>
  error instanceof QmpError && (error.kind === 'command' || error.kind === 'protocol');

/**
 * Whether anybody in the guest has the port of `chardev` open (QAPI: qapi/char.json query-chardev).
 * @returns undefined where QEMU does not tell
 * @throws QmpError when the connection ends or QEMU does not answer
 */
export async function isPortOpen(client: QmpClient, chardev: string | null): Promise<boolean | undefined> {
  if (chardev === null) return undefined;
  const ports = await orRefused(client.call('query-chardev'));
  return ports === REFUSED ? undefined : ports.find(({ label }) => label === chardev)?.['frontend-open'];
}

async function enabled(client: QmpClient, path: string, property: string): Promise<boolean | undefined> {
  const disabled = await orRefused(client.call('qom-get', { path, property }));
  if (typeof disabled === 'number') return disabled === 0;
  return typeof disabled === 'boolean' ? !disabled : undefined;
}
