import type { QmpClient } from '../../protocols/qmp/client';
import { QmpError } from '../../protocols/qmp/errors';
import type { HostAccess, Screenshot } from '../machine';

/** 3840 by 1400 pixels of PPM, or any screen as PNG. */
const MAX_BYTES = 16 * 1024 * 1024;
const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const PPM_SIGNATURE = Uint8Array.of(0x50, 0x36);

/**
 * A picture of the machine's first screen, which QEMU writes to a file of its host.
 * @throws Error in words for the user
 */
export async function takeScreenshot(
  client: QmpClient | null,
  { collectFile }: Pick<HostAccess, 'collectFile'>,
): Promise<Screenshot> {
  if (!client) throw new Error('Its monitor is not connected.');
  if (!collectFile) throw new Error('Pictures of screens cannot be had from its host.');
  const dump = (format: { format?: 'png' }) =>
    collectFile((filename) => client.call('screendump', { filename, ...format }).then(() => undefined), MAX_BYTES);
  try {
    return recognized(writesPng(client) ? await dump({ format: 'png' }).catch(unlessRefused(() => dump({}))) : await dump({}));
  } catch (error) {
    throw await explained(error, client);
  }
}

/** QAPI: qapi/ui.json screendump `format`, since 7.1. One that was built without libpng refuses it. */
const writesPng = ({ version: { major, minor } }: QmpClient): boolean => major > 7 || (major === 7 && minor >= 1);

const isRefused = (error: unknown): error is QmpError => error instanceof QmpError && error.kind === 'command';

const unlessRefused =
  <T>(otherwise: () => Promise<T>) =>
  (error: unknown): Promise<T> => {
    if (isRefused(error)) return otherwise();
    throw error;
  };

function recognized(bytes: Uint8Array): Screenshot {
  if (beginsWith(bytes, PNG_SIGNATURE)) return { mime: 'image/png', bytes };
  if (beginsWith(bytes, PPM_SIGNATURE)) return { mime: 'image/x-portable-pixmap', bytes };
  if (bytes.byteLength > 0) throw new Error('What QEMU wrote is no picture.');
  throw new Error('QEMU wrote its picture to another place: it runs in a container, or sees other folders than you do.');
}

const beginsWith = (bytes: Uint8Array, signature: Uint8Array): boolean =>
  signature.every((byte, place) => bytes[place] === byte);

/** QEMU's refusal is one GenericError whatever it was; whether there is a screen is told by QOM. */
async function explained(error: unknown, client: QmpClient): Promise<unknown> {
  if (!isRefused(error) || error.failure.kind !== 'command') return error;
  if (error.failure.errorClass === 'CommandNotFound') return new Error('This QEMU gives no pictures of its screen.');
  if (!(await hasScreen(client))) return new Error('It has no screen.');
  return new Error(
    `QEMU could not write the picture for you: it runs as another user or in a sandbox (“${error.failure.desc}”).`,
  );
}

/** Each console of QEMU's is a child of /backend (ui/console.c), which is not there without one. */
async function hasScreen(client: QmpClient): Promise<boolean> {
  try {
    const children = await client.call('qom-list', { path: '/backend' });
    return children.some(({ name }) => name.startsWith('console['));
  } catch (error) {
    if (isRefused(error)) return false;
    throw error;
  }
}
