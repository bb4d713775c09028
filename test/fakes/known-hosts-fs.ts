import type { KnownHostsFs } from '../../main/protocols/ssh/known-hosts-file';

const unexpected = (): Promise<never> => Promise.reject(new Error('Nothing is to be written to known_hosts'));

/** A computer that knows no hosts yet, and whose files nobody is to touch. */
export const noKnownHosts: KnownHostsFs = {
  read: (path) => Promise.reject(Object.assign(new Error(`ENOENT: read '${path}'`), { code: 'ENOENT' })),
  status: unexpected,
  readLink: unexpected,
  makeDirectory: unexpected,
  writeNew: unexpected,
  setMode: unexpected,
  setOwner: unexpected,
  rename: unexpected,
  remove: unexpected,
};
