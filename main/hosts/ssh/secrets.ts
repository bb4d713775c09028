/** Keeps secrets by name, encrypted by the operating system's keyring. */
export interface SecretStore {
  /** false where there is no keyring: secrets then live as long as the app runs. */
  readonly available: boolean;
  /** null when there is none by this name, or it can no longer be decrypted. */
  read(name: string): Promise<string | null>;
  /** @throws StorageError */
  write(name: string, value: string): Promise<void>;
  forget(name: string): Promise<void>;
}

/** What the user told and what proved right: kept for this run, and beyond it where the user said so. */
export interface Secrets {
  readonly canKeep: boolean;
  /** null when it is not known. */
  recall(name: string): Promise<string | null>;
  /** It proved right. A keyring that does not take it is told of: it is known for this run then. */
  learn(name: string, value: string, keep: boolean): Promise<void>;
  /** `value` proved wrong, and is forgotten unless a newer one has taken its place. */
  disprove(name: string, value: string): Promise<void>;
  /** Its host is gone. @throws StorageError */
  forget(name: string): Promise<void>;
}

/** @param tell is told of a keyring that fails while a connection is made, which does not need it to go on */
export function createSecrets(store: SecretStore, tell: (error: unknown) => void = logged): Secrets {
  const run = new Map<string, string>();
  const recall = async (name: string): Promise<string | null> => run.get(name) ?? (await store.read(name));
  return {
    canKeep: store.available,
    recall,
    async learn(name, value, keep) {
      run.set(name, value);
      if (keep && store.available) await store.write(name, value).catch(tell);
    },
    async disprove(name, value) {
      if ((await recall(name)) !== value) return;
      run.delete(name);
      await store.forget(name).catch(tell);
    },
    async forget(name) {
      run.delete(name);
      await store.forget(name);
    },
  };
}

const logged = (error: unknown): void =>
  console.error('A secret could not be kept or forgotten:', error instanceof Error ? error.message : error);
