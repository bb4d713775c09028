import { RefusedError } from '../../power/actions';
import type { Machine } from '../machine';

const refuse = (): Promise<never> =>
  Promise.reject(
    new RefusedError({
      code: 'unsupported',
      message: 'Plain QEMU has no definition that Reveille could change.',
      remedy: 'Change the guest’s QEMU command, and start it anew.',
    }),
  );

/** What a QEMU lacks that nobody keeps a definition of: it ends with its guest. */
export const noDefinition: Pick<Machine, 'persistent' | 'mended' | 'hostDevices' | 'mending' | 'mend'> = {
  persistent: false,
  mended: [],
  hostDevices: [],
  mending: refuse,
  mend: refuse,
};
