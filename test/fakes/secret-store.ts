import type { SecretStore } from '../../main/hosts/ssh/secrets';

/** A computer without a keyring: nothing may be written. */
export const noKeyring: SecretStore = {
  available: false,
  read: () => Promise.resolve(null),
  write: () => Promise.reject(new Error('There is no keyring')),
  forget: () => Promise.resolve(),
};

/** A keyring in memory. */
export function memorySecretStore(): SecretStore & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    available: true,
    read: async (name) => kept.get(name) ?? null,
    async write(name, value) {
      kept.set(name, value);
    },
    async forget(name) {
      kept.delete(name);
    },
  };
}
