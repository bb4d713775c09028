import { safeStorage } from 'electron';
import { z } from 'zod';
import type { SecretStore } from '../hosts/ssh/secrets';
import { openDocument } from '../storage/document';

/** What all Electrons from 25 on have; 45 deprecates the calls that wait, and 25 knows no others. */
interface Keyring {
  isEncryptionAvailable(): boolean;
  encryptString(text: string): Buffer;
  decryptString(encrypted: Buffer): string;
  /** On Linux, and not in the oldest. */
  getSelectedStorageBackend?(): string;
}
const keyring = safeStorage as Keyring;

const Kept = z.record(z.string(), z.string());

/**
 * Secrets in `dir`/secrets.json, each encrypted by the operating system's keyring through Electron's safeStorage.
 * Without a keyring nothing is written: Chromium's basic_text backend would encrypt with a key that everybody knows.
 * @throws StorageError
 */
export async function openSecretStore(dir: string): Promise<SecretStore> {
  const document = await openDocument<Record<string, string>>({
    dir,
    name: 'secrets',
    version: 1,
    parse: (value) => Kept.parse(value),
    empty: {},
  });
  const available = keyring.isEncryptionAvailable() && backend() !== 'basic_text';
  return {
    available,
    async read(name) {
      const kept = document.value[name];
      if (kept === undefined || !available) return null;
      try {
        return keyring.decryptString(Buffer.from(kept, 'base64'));
      } catch (error) {
        // Another keyring, or another computer: the user is asked again.
        const why = error instanceof Error ? error.message : error;
        console.error(`The secret ${JSON.stringify(name)} can no longer be decrypted:`, why);
        return null;
      }
    },
    write: (name, value) =>
      document.save({ ...document.value, [name]: keyring.encryptString(value).toString('base64') }),
    async forget(name) {
      if (!(name in document.value)) return;
      await document.save(Object.fromEntries(Object.entries(document.value).filter(([kept]) => kept !== name)));
    },
  };
}

const backend = (): string | undefined =>
  process.platform === 'linux' ? keyring.getSelectedStorageBackend?.() : undefined;
